import { isAccessKeyId, isSecretAccessKey } from '@bucketway/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessKeyIdOf, issueKeyPair, newKeyRingUid } from './key-pair.js';
import type { KeyFacts, KeyPair, KeyPlan, KeyWish } from './key-plan.js';
import { planKeys } from './key-ring.js';
import type { KeyRingEntry } from './key-ring-entry.js';

const HOUR = 3_600_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const WISH: KeyWish = {
  mode: 'Managed',
  overlapMs: 24 * HOUR,
  rotationRequests: new Map(),
  revoke: new Set(),
};

/** Everything outside the plan: what is stored, what gateways have, what the app's Secret says. */
class World {
  now = START;
  wish: KeyWish = WISH;
  entry: KeyRingEntry | undefined;
  /** What the stored mapping names, and what gateways have of it. */
  named: readonly string[] = [];
  served: readonly string[] = [];
  secret: KeyPair | undefined;
  gatewaysAnswer = true;
  taken: readonly string[] = [];
  plan: KeyPlan | undefined;
  readonly events: string[] = [];
  /** Steps that are left before the operator crashes. */
  lives = Infinity;

  facts(): KeyFacts {
    const acknowledged = String(this.named) === String(this.served);
    return {
      accepted: new Set(acknowledged ? this.served : []),
      released: new Set(
        acknowledged ? this.entry?.keys.map((k) => k.accessKeyId).filter((id) => !this.served.includes(id)) : [],
      ),
      secretHolds: this.secret?.accessKeyId,
      isTaken: ({ accessKeyId }) => this.taken.includes(accessKeyId),
    };
  }

  /** One reconcile: each of its writes may be the last thing that happens. */
  reconcile(): boolean {
    const plan = planKeys(new Date(this.now), this.entry, this.wish, this.facts());
    this.plan = plan;
    let changed = false;
    const write = (differs: boolean, perform: () => void): boolean => {
      if (!differs) return true;
      if (this.lives-- <= 0) return false;
      perform();
      return (changed = true);
    };
    if (!write(plan.changed, () => this.store(plan))) return changed;
    if (!write(String(plan.grants) !== String(this.named), () => (this.named = plan.grants))) return changed;
    const { secretKey } = plan;
    write(
      secretKey !== undefined && secretKey.accessKeyId !== this.secret?.accessKeyId,
      () => (this.secret = secretKey),
    );
    return changed;
  }

  /** Reconciles, with gateways that follow, until nothing changes. */
  settle(): this {
    for (let round = 0; round < 50; round++) {
      const changed = this.reconcile();
      const behind = this.gatewaysAnswer && String(this.served) !== String(this.named);
      if (behind) this.served = this.named;
      if (!changed && !behind) return this;
    }
    throw new Error('it never comes to rest');
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    return this.settle();
  }

  want(change: Partial<KeyWish>): this {
    this.wish = { ...this.wish, ...change };
    return this.settle();
  }

  get states(): string[] {
    return (this.entry?.keys ?? []).map(({ serial, state }) => `${serial} ${state}`);
  }

  get secretSerial(): number | undefined {
    return this.entry?.keys.find(({ accessKeyId }) => accessKeyId === this.secret?.accessKeyId)?.serial;
  }

  private store({ entry, events }: KeyPlan): void {
    this.entry = JSON.parse(JSON.stringify(entry)) as KeyRingEntry;
    for (const event of events) this.events.push('cause' in event ? `${event.type} ${event.cause}` : event.type);
  }
}

function settled(): World {
  return new World().settle();
}

describe('a key pair', () => {
  it('has an id of its ring and serial, and a secret that gateways take', () => {
    const uid = newKeyRingUid();
    const { accessKeyId, secretAccessKey } = issueKeyPair(uid, 7);
    expect(accessKeyId).toMatch(/^BW[A-Z2-7]{18}$/);
    expect(accessKeyId).toBe(accessKeyIdOf(uid, 7));
    expect(secretAccessKey).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(isAccessKeyId(accessKeyId) && isSecretAccessKey(secretAccessKey)).toBe(true);
    expect(issueKeyPair(uid, 7).secretAccessKey).not.toBe(secretAccessKey);
    expect(
      new Set([1, 2, 3].flatMap((serial) => [accessKeyIdOf(uid, serial), accessKeyIdOf(newKeyRingUid(), serial)])).size,
    ).toBe(6);
  });
});

describe('the first key', () => {
  it('is handed out once every gateway has it', () => {
    const world = new World();
    world.gatewaysAnswer = false;
    world.settle();
    expect(world.states).toEqual(['1 Pending']);
    expect(world.plan).toMatchObject({ phase: 'Publish', grants: [world.entry?.keys[0]?.accessKeyId] });
    expect(world.secret).toBeUndefined();
    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['1 Active']);
    expect(world.secretSerial).toBe(1);
    expect(world.plan).toMatchObject({ phase: 'Idle', changed: false, events: [] });
    expect(world.plan?.nextCheckMs).toBeUndefined();
    expect(world.events).toEqual(['Issued']);
  });

  it('comes back into a Secret that was deleted, even where no gateway answers', () => {
    const world = settled();
    const { secret } = world;
    world.secret = undefined;
    world.served = [];
    world.gatewaysAnswer = false;
    world.settle();
    expect((world as { secret?: typeof secret }).secret?.accessKeyId).toBe(secret?.accessKeyId);
  });

  it('answers the request that was there from the start', () => {
    const world = new World().want({ rotationRequests: new Map([['photos', 'one']]) });
    expect(world.states).toEqual(['1 Active']);
    expect(world.entry?.observedRotationRequests).toEqual({ photos: 'one' });
  });
});

describe('a rotation', () => {
  it('by interval goes through every phase, and the app always holds a key that works', () => {
    const world = settled().want({ intervalMs: 720 * HOUR });
    expect(world.plan).toMatchObject({ nextCheckMs: 720 * HOUR, nextRotationTime: new Date(START + 720 * HOUR) });
    const [first] = world.entry!.keys;
    world.pass(720 * HOUR - 1);
    expect(world.states).toEqual(['1 Active']);

    world.gatewaysAnswer = false;
    world.pass(1);
    expect(world.plan?.phase).toBe('Publish');
    expect(world.states).toEqual(['1 Active', '2 Pending']);
    expect(world.plan?.grants).toHaveLength(2);
    expect(world.secretSerial).toBe(1);

    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['1 Retiring', '2 Active']);
    expect(world.secretSerial).toBe(2);
    expect(world.plan).toMatchObject({ phase: 'Overlap', nextCheckMs: 24 * HOUR });
    expect(world.served).toContain(first?.accessKeyId);

    world.gatewaysAnswer = false;
    world.pass(24 * HOUR);
    expect(world.plan?.phase).toBe('Retire');
    expect(world.named).not.toContain(first?.accessKeyId);
    expect(world.states).toEqual(['1 Retiring', '2 Active']);

    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['2 Active']);
    expect(world.plan?.phase).toBe('Idle');
    expect(world.events).toEqual(['Issued', 'RotationStarted Interval', 'RotationCompleted Interval', 'Retired']);
  });

  it('on request is echoed once the app has the new key', () => {
    const world = settled();
    world.gatewaysAnswer = false;
    world.want({ rotationRequests: new Map([['photos', 'one']]) });
    expect(world.states).toEqual(['1 Active', '2 Pending']);
    expect(world.entry?.observedRotationRequests).toBeUndefined();
    world.gatewaysAnswer = true;
    world.settle();
    expect(world.entry?.observedRotationRequests).toEqual({ photos: 'one' });
    expect(world.events).toContain('RotationStarted Request');
    world.settle();
    expect(world.states).toEqual(['1 Retiring', '2 Active']);
  });

  it('that is asked for again on its way is followed by another', () => {
    const world = settled();
    world.gatewaysAnswer = false;
    world
      .want({ rotationRequests: new Map([['photos', 'one']]) })
      .want({ rotationRequests: new Map([['photos', 'two']]) });
    expect(world.states).toEqual(['1 Active', '2 Pending']);
    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['1 Retiring', '2 Retiring', '3 Active']);
    expect(world.entry?.observedRotationRequests).toEqual({ photos: 'two' });
  });

  it('of S3Buckets that share the Secret comes to rest, whatever each asked for', () => {
    const world = settled().want({
      rotationRequests: new Map([
        ['photos', 'one'],
        ['logs', 'two'],
      ]),
    });
    expect(world.states).toEqual(['1 Retiring', '2 Active']);
    world.want({ rotationRequests: new Map([['logs', 'two']]) });
    expect(world.entry?.observedRotationRequests).toEqual({ logs: 'two' });
    expect(world.states).toEqual(['1 Retiring', '2 Active']);
  });

  it('without overlap ends the old key with the switch', () => {
    const world = settled().want({ overlapMs: 0, rotationRequests: new Map([['photos', 'one']]) });
    expect(world.states).toEqual(['2 Active']);
    expect(world.served).toEqual(world.entry?.keys.map(({ accessKeyId }) => accessKeyId));
  });

  it('waits while too many keys are on their way out', () => {
    const world = settled();
    for (let request = 0; request < 20; request++)
      world.want({ rotationRequests: new Map([['photos', String(request)]]) });
    expect(world.entry?.keys).toHaveLength(8);
    expect(world.plan?.nextCheckMs).toBe(24 * HOUR);
    expect(world.plan?.events).toEqual([
      { type: 'RotationBlocked', accessKeyId: world.secret?.accessKeyId, cause: 'Request' },
    ]);
    world.pass(24 * HOUR);
    expect(world.entry?.observedRotationRequests).toEqual({ photos: '19' });
    expect(world.plan?.events).toEqual([]);
  });

  it('never puts a key into the Secret that a gateway lacks', () => {
    const world = settled();
    world.gatewaysAnswer = false;
    world.want({ intervalMs: HOUR }).pass(10 * HOUR);
    expect(world.secretSerial).toBe(1);
    expect(world.states).toEqual(['1 Active', '2 Pending']);
  });
});

describe('a revoked key', () => {
  it('in use stops at once, and another one is issued', () => {
    const world = settled();
    const { accessKeyId } = world.entry!.keys[0]!;
    world.gatewaysAnswer = false;
    world.want({ revoke: new Set([accessKeyId]) });
    expect(world.named).not.toContain(accessKeyId);
    expect(world.named).toHaveLength(1);
    expect(world.secret?.accessKeyId).toBe(accessKeyId);
    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['2 Active']);
    expect(world.secretSerial).toBe(2);
    expect(world.events).toEqual([
      'Issued',
      'Revoked',
      'RotationStarted Revoked',
      'Retired',
      'RotationCompleted Revoked',
    ]);
  });

  it('that is retiring loses the rest of its overlap', () => {
    const world = settled().want({ rotationRequests: new Map([['photos', 'one']]) });
    const [old] = world.entry!.keys;
    world.want({ revoke: new Set([old!.accessKeyId]) });
    expect(world.states).toEqual(['2 Active']);
  });

  it('that no app has yet is replaced', () => {
    const world = new World();
    world.gatewaysAnswer = false;
    world.settle();
    world.want({ revoke: new Set([world.entry!.keys[0]!.accessKeyId]) });
    world.gatewaysAnswer = true;
    world.settle();
    expect(world.states).toEqual(['2 Active']);
  });

  it('of somebody else is no matter of this ring', () => {
    const world = settled().want({ revoke: new Set(['BWOTHER']) });
    expect(world.states).toEqual(['1 Active']);
  });
});

describe('a key that the user brings', () => {
  const mine = { accessKeyId: 'MYKEY', secretAccessKey: 'my-secret-key' };
  const other = { accessKeyId: 'MYOTHERKEY', secretAccessKey: 'my-other-secret' };
  const existing = (pair: KeyPair): Partial<KeyWish> => ({ mode: 'Existing', existing: pair });

  it('is used as it is', () => {
    const world = new World().want(existing(mine));
    expect(world.entry?.keys).toMatchObject([{ ...mine, serial: 1, state: 'Active' }]);
    expect(world.plan?.secretKey).toMatchObject(mine);
  });

  it('that changes is a rotation with overlap', () => {
    const world = new World().want(existing(mine)).want(existing(other));
    expect(world.entry?.keys).toMatchObject([
      { ...mine, state: 'Retiring' },
      { ...other, state: 'Active' },
    ]);
    expect(world.events).toContain('RotationStarted ExistingChanged');
    world.want(existing(mine));
    expect(world.entry?.keys).toMatchObject([
      { ...mine, state: 'Active', serial: 3 },
      { ...other, state: 'Retiring' },
    ]);
    world.pass(24 * HOUR);
    expect(world.entry?.keys).toMatchObject([mine]);
  });

  it('that has another secret under its id has no overlap', () => {
    const world = new World().want(existing(mine)).want(existing({ ...mine, secretAccessKey: 'changed-secret' }));
    expect(world.entry?.keys).toMatchObject([
      { accessKeyId: 'MYKEY', secretAccessKey: 'changed-secret', state: 'Active' },
    ]);
  });

  it('that has another secret under its id is used once gateways accept that one', () => {
    const world = new World().want(existing(mine));
    world.wish = { ...world.wish, ...existing({ ...mine, secretAccessKey: 'changed-secret' }) };
    world.reconcile();
    expect(world.states).toEqual(['2 Pending']);
    expect(world.plan).toMatchObject({ phase: 'Publish', grants: ['MYKEY'] });
    expect(world.plan?.secretKey).toBeUndefined();
    world.settle();
    expect(world.states).toEqual(['2 Active']);
  });

  it.each([
    ['belongs to somebody else', { taken: ['MYKEY'] }, {}, 'KeyIdTaken'],
    ['was revoked', {}, { revoke: new Set(['MYKEY']) }, 'KeyIdTaken'],
  ])('that %s is refused, and what there was stays', (_, world, wish, reason) => {
    const before = Object.assign(settled(), world).want({ ...existing(mine), ...wish });
    expect(before.plan?.refusal).toMatchObject({ reason });
    expect(before.plan?.refusal?.message).not.toContain(mine.secretAccessKey);
    expect(before.states).toEqual(['1 Active']);
  });

  it('that is not there leaves what there was, and is told where there is nothing', () => {
    expect(settled().want({ mode: 'Existing' }).states).toEqual(['1 Active']);
    expect(new World().want({ mode: 'Existing' }).plan).toMatchObject({
      changed: false,
      phase: 'None',
      refusal: { reason: 'ExistingKeyMissing' },
    });
  });

  it('follows one of ours, and ours one of the user, with overlap', () => {
    const world = settled().want(existing(mine));
    expect(world.states).toEqual(['1 Retiring', '2 Active']);
    world.want({ mode: 'Managed' });
    expect(world.states).toEqual(['1 Retiring', '2 Retiring', '3 Active']);
    expect(world.events.at(-2)).toBe('RotationStarted ModeChanged');
    expect(world.secretSerial).toBe(3);
  });
});

describe('without keys', () => {
  it('what there is ends at once', () => {
    const world = settled().want({ mode: 'None' });
    expect(world.states).toEqual([]);
    expect(world.named).toEqual([]);
    expect(world.plan).toMatchObject({ phase: 'None', changed: false });
  });

  it('nothing is made', () => {
    expect(new World().want({ mode: 'None' }).entry).toBeUndefined();
  });
});

describe('an operator that crashes', () => {
  // Each write of the whole story may be the last one before a crash.
  const story = (world: World): void => {
    world.settle();
    world.want({ rotationRequests: new Map([['photos', 'one']]) });
    world.pass(24 * HOUR);
    const active = world.entry?.keys.find(({ state }) => state === 'Active');
    world.want({ revoke: new Set([active?.accessKeyId ?? '']) });
  };
  const whole = new World();
  whole.lives = 1_000;
  story(whole);
  const writes = 1_000 - whole.lives;

  it('has a story worth telling', () => expect(writes).toBeGreaterThan(10));

  it.each(Array.from({ length: writes }, (_, index) => index))(
    'after write %i ends where it would have ended',
    (lives) => {
      const world = new World();
      world.lives = lives;
      const settle = world.settle.bind(world);
      // A crash in the middle of a reconcile, and then another operator that knows only what was stored.
      world.settle = () => {
        settle();
        if (world.lives < 0) world.lives = Infinity;
        return settle();
      };
      story(world);
      expect(world.states).toEqual(whole.states);
      expect(world.secretSerial).toBe(3);
      expect(world.entry?.observedRotationRequests).toEqual({ photos: 'one' });
    },
  );
});

describe('in whatever order things happen', () => {
  it('the app holds a key that gateways take, for as long as nobody revokes it, and no key comes back', () => {
    const step = fc.oneof(
      fc.record({ wait: fc.integer({ min: 1, max: 48 }) }),
      fc.record({ request: fc.nat(5) }),
      fc.record({ gateways: fc.boolean() }),
      fc.record({ reconciles: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ loseSecret: fc.constant(true) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const world = settled().want({ intervalMs: 30 * HOUR, overlapMs: 10 * HOUR });
        const gone = new Set<string>();
        for (const change of steps) {
          const before = world.named;
          if ('wait' in change) world.now += change.wait * HOUR;
          else if ('request' in change)
            world.wish = { ...world.wish, rotationRequests: new Map([['photos', String(change.request)]]) };
          else if ('gateways' in change) world.gatewaysAnswer = change.gateways;
          else if ('loseSecret' in change) world.secret = undefined;
          else for (let round = 0; round < change.reconciles; round++) world.reconcile();
          if (world.gatewaysAnswer) world.served = world.named;
          for (const id of before) if (!world.named.includes(id)) gone.add(id);
          for (const id of world.named) expect(gone.has(id)).toBe(false);
          if (world.secret !== undefined) expect(world.served).toContain(world.secret.accessKeyId);
        }
      }),
      { numRuns: 200 },
    );
  });
});
