import { describe, expect, it } from 'vitest';
import type { ClaimRequest, Incumbent, Tombstone } from './claim.js';
import { ClaimLedger } from './claim-ledger.js';

const NOW = new Date('2026-11-22T10:00:00Z');

/** `team-a/photos` claims the bucket name `photos` at `/team-a/photos`, unless told otherwise. */
function request(who: string, change: Partial<ClaimRequest> & { readonly uid?: string } = {}): ClaimRequest {
  const [namespace = '', name = ''] = who.split('/');
  const { uid = `${who} 1`, ...rest } = change;
  return {
    owner: { namespace, name, uid },
    bucketName: name,
    path: `/${who}`,
    accessMode: 'ReadWrite',
    overlap: 'SameNamespace',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...rest,
  };
}

function incumbent(who: string, change: Partial<ClaimRequest> = {}): Incumbent {
  const { owner, bucketName, path, accessMode } = request(who, change);
  return { owner, bucketName, path, accessMode };
}

function tombstone(who: string, path: string): Tombstone {
  const [namespace = '', name = ''] = who.split('/');
  return { path, bucketName: name, namespace, name, since: '2026-01-01T00:00:00.000Z' };
}

const granted = { granted: true, requeue: [] };
const ledgerOf = (...claims: Incumbent[]): ClaimLedger => new ClaimLedger({ incumbents: claims }, () => NOW);

describe('a claim', () => {
  it('is granted where nobody is in the way, and again', () => {
    const ledger = ledgerOf();
    expect(ledger.claim(request('team-a/photos'))).toEqual(granted);
    expect(ledger.claim(request('team-a/photos'))).toEqual(granted);
    expect(ledger.incumbents()).toEqual([incumbent('team-a/photos')]);
    expect(ledger.heldBy({ namespace: 'team-a', name: 'photos' })).toEqual(incumbent('team-a/photos'));
    expect(ledger.heldBy({ namespace: 'team-a', name: 'videos' })).toBeUndefined();
  });

  it('on a name that is held loses, however old it is, and disturbs nobody', () => {
    const ledger = ledgerOf(incumbent('team-a/photos'));
    const older = request('team-b/photos', { creationTimestamp: '2020-01-01T00:00:00Z' });
    expect(ledger.claim(older)).toEqual({
      granted: false,
      again: false,
      reason: 'NameTaken',
      holder: incumbent('team-a/photos'),
      message: expect.stringMatching(/"photos" is held by another namespace: create the S3Bucket anew/),
    });
    expect(ledger.incumbents()).toEqual([incumbent('team-a/photos')]);
    expect(ledger.claim(request('team-a/photos'))).toEqual(granted);
  });

  it('is refused anew only for what it did not wait for', () => {
    const ledger = ledgerOf(incumbent('team-a/photos'), incumbent('team-a/videos'));
    const refused = (change: Partial<ClaimRequest>): unknown => ledger.claim(request('team-b/b', change));
    expect(refused({ bucketName: 'photos' })).toMatchObject({ again: false });
    expect(refused({ bucketName: 'photos' })).toMatchObject({ again: true });
    expect(refused({ bucketName: 'videos' })).toMatchObject({ again: false });
    ledger.stopWaiting({ namespace: 'team-b', name: 'b' });
    expect(refused({ bucketName: 'videos' })).toMatchObject({ again: false });
  });

  it('names the holder within its namespace only', () => {
    const ledger = ledgerOf(incumbent('team-a/photos'));
    const own = ledger.claim(request('team-a/other', { bucketName: 'photos' }));
    expect(own).toMatchObject({ message: expect.stringContaining('held by the S3Bucket "team-a/photos"') });
    for (const foreign of [{ bucketName: 'photos' }, { path: '/team-a/photos' }, { path: '/team-a' }, { path: '/' }]) {
      const refused = ledger.claim(request('team-b/other', foreign));
      expect(refused).toMatchObject({ granted: false, message: expect.stringContaining('another namespace') });
      expect(refused).toMatchObject({ message: expect.not.stringMatching(/team-a\/photos"? *(:|$)|S3Bucket "team-a/) });
    }
  });

  const [inA, readA] = [incumbent('a/x', { path: '/p/q' }), incumbent('a/x', { path: '/p/q', accessMode: 'ReadOnly' })];

  it.each<[string, Incumbent, Partial<ClaimRequest>, string | undefined]>([
    ['a/y', inA, { path: '/p/q', overlap: 'Deny' }, 'PathTaken'],
    ['a/y', inA, { path: '/p/q/r', overlap: 'Deny' }, 'PathOverlap'],
    ['a/y', inA, { path: '/p', overlap: 'Deny' }, 'PathOverlap'],
    ['a/y', inA, { path: '/', overlap: 'Deny' }, 'PathOverlap'],
    ['a/y', inA, { path: '/p/qq', overlap: 'Deny' }, undefined],
    ['a/y', inA, { path: '/p/q-b/r', overlap: 'Deny' }, undefined],
    ['a/y', inA, { path: '/p/q' }, undefined],
    ['a/y', inA, { path: '/p/q/r' }, undefined],
    ['a/y', inA, { path: '/' }, undefined],
    ['b/y', inA, { path: '/p/q' }, 'PathTaken'],
    ['b/y', inA, { path: '/p/q/r' }, 'PathOverlap'],
    ['b/y', inA, { path: '/p' }, 'PathOverlap'],
    ['b/y', inA, { path: '/p/q', accessMode: 'ReadOnly' }, 'PathTaken'],
    ['b/y', inA, { path: '/p/q', accessMode: 'ReadOnly', overlap: 'ReadOnly' }, undefined],
    ['b/y', inA, { path: '/', accessMode: 'ReadOnly', overlap: 'ReadOnly' }, undefined],
    ['b/y', inA, { path: '/p/q', overlap: 'ReadOnly' }, 'PathTaken'],
    ['b/y', readA, { path: '/p/q', overlap: 'ReadOnly' }, 'PathTaken'],
    ['b/y', readA, { path: '/p/q', accessMode: 'ReadOnly', overlap: 'ReadOnly' }, undefined],
    ['a/y', inA, { path: '/p/q', overlap: 'ReadOnly' }, undefined],
  ])('of %s beside %j for %j: %s', (who, holder, change, reason) => {
    const result = ledgerOf(holder).claim(request(who, change));
    expect(result).toMatchObject(reason === undefined ? granted : { granted: false, reason, holder });
  });

  it('takes both forms of a letter for one, and case for none where storages do', () => {
    const taken = { incumbents: [incumbent('a/x', { path: '/Caf\u00e9' })] };
    expect(new ClaimLedger(taken).claim(request('b/y', { path: '/Cafe\u0301' }))).toMatchObject({
      reason: 'PathTaken',
    });
    expect(new ClaimLedger(taken).claim(request('b/y', { path: '/CAF\u00c9' }))).toEqual(granted);
    const folding = new ClaimLedger({ ...taken, caseInsensitivePaths: true });
    expect(folding.claim(request('b/y', { path: '/CAF\u00c9/x' }))).toMatchObject({ reason: 'PathOverlap' });
  });

  it('to write where it only read is looked at anew', () => {
    const reader = { path: '/a/x', accessMode: 'ReadOnly', overlap: 'ReadOnly' } as const;
    const ledger = ledgerOf(incumbent('a/x'));
    expect(ledger.claim(request('b/y', reader))).toEqual(granted);
    expect(ledger.claim(request('b/y', { ...reader, accessMode: 'ReadWrite' }))).toMatchObject({ reason: 'PathTaken' });
    expect(ledger.heldBy({ namespace: 'b', name: 'y' })).toMatchObject({ accessMode: 'ReadOnly' });
    expect(ledger.claim(request('b/y', reader))).toEqual(granted);
    expect(ledger.claim(request('a/x', { accessMode: 'ReadOnly' }))).toEqual(granted);
    // Two readers now, and the one of before wants to write again.
    expect(ledger.claim(request('a/x'))).toMatchObject({ reason: 'PathTaken' });
  });

  it('is not taken back by a policy that got stricter', () => {
    const ledger = ledgerOf(incumbent('a/x', { path: '/a' }), incumbent('a/y', { path: '/a/y' }));
    expect(ledger.claim(request('a/y', { path: '/a/y', overlap: 'Deny' }))).toEqual(granted);
  });
});

describe('an S3Bucket that is created anew', () => {
  it('inherits its claim under another uid', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    expect(ledger.claim(request('a/x', { uid: 'new', creationTimestamp: '2030-01-01T00:00:00Z' }))).toEqual(granted);
    expect(ledger.incumbents()).toMatchObject([{ owner: { uid: 'new' } }]);
    const { owner } = incumbent('a/x');
    expect(ledger.release(owner, { retain: true })).toEqual({ released: false, requeue: [] });
    expect(ledger.incumbents()).toHaveLength(1);
  });

  it('at another path leaves the old one to its namespace, and its old name to those that wait', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    expect(ledger.claim(request('b/y', { bucketName: 'x' }))).toMatchObject({ reason: 'NameTaken' });
    const moved = ledger.claim(request('a/x', { uid: 'new', path: '/a/z', bucketName: 'z' }));
    expect(moved).toEqual({ granted: true, requeue: [request('b/y').owner] });
    expect(ledger.tombstones()).toMatchObject([{ path: '/a/x', namespace: 'a', name: 'x' }]);
    expect(ledger.heldBy({ namespace: 'b', name: 'y' })).toMatchObject({ bucketName: 'x' });
  });

  it('keeps what it held when what it wants is refused', () => {
    const ledger = ledgerOf(incumbent('a/x'), incumbent('b/y'));
    expect(ledger.claim(request('a/x', { uid: 'new', path: '/b/y' }))).toMatchObject({ reason: 'PathTaken' });
    expect(ledger.heldBy({ namespace: 'a', name: 'x' })).toEqual(incumbent('a/x'));
  });
});

describe('a release', () => {
  it('lets the oldest that waits go first, then by namespace and name', () => {
    const ledger = ledgerOf(incumbent('a/x', { bucketName: 'n' }));
    const waiting = [
      request('d/young', { bucketName: 'n', creationTimestamp: '2026-03-01T00:00:00Z' }),
      request('c/twin', { bucketName: 'n', creationTimestamp: '2026-02-01T00:00:00Z' }),
      request('b/twin', { bucketName: 'n', creationTimestamp: '2026-02-01T00:00:00Z' }),
      request('e/unknown', { bucketName: 'n', creationTimestamp: '' }),
    ];
    for (const each of waiting) expect(ledger.claim(each)).toMatchObject({ reason: 'NameTaken' });
    const order = ['b/twin', 'c/twin', 'd/young', 'e/unknown'].map((who) => request(who).owner);
    expect(ledger.waitersOf({ namespace: 'a', name: 'x' })).toEqual(order);
    expect(ledger.waitingCount).toBe(4);
    expect(ledger.release(incumbent('a/x').owner, { retain: false })).toEqual({ released: true, requeue: order });
    expect(ledger.incumbents()).toMatchObject([{ owner: { namespace: 'b' } }]);
    // Whoever asks first now: it is decided.
    expect(ledger.claim(waiting[0] ?? request('d/young'))).toMatchObject({ holder: { owner: { namespace: 'b' } } });
    expect(ledger.waitersOf({ namespace: 'b', name: 'twin' })).toHaveLength(3);
  });

  it('does not grant half of what somebody waits for', () => {
    const ledger = ledgerOf(incumbent('a/x'), incumbent('b/y'));
    const both = request('c/z', { bucketName: 'x', path: '/b/y/z' });
    expect(ledger.claim(both)).toMatchObject({ reason: 'NameTaken' });
    ledger.release(incumbent('a/x').owner, { retain: false });
    expect(ledger.heldBy({ namespace: 'c', name: 'z' })).toBeUndefined();
    expect(ledger.claim(request('d/w', { bucketName: 'x' }))).toEqual(granted);
    ledger.release(incumbent('b/y').owner, { retain: false });
    expect(ledger.claim(both)).toMatchObject({ reason: 'NameTaken' });
  });

  it('of one that only waited takes it off the list', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    const waiter = request('b/x');
    ledger.claim(waiter);
    expect(ledger.release({ ...waiter.owner, uid: 'old' }, { retain: true })).toEqual({ released: false, requeue: [] });
    expect(ledger.waitingCount).toBe(1);
    expect(ledger.release(waiter.owner, { retain: true })).toEqual({ released: false, requeue: [] });
    expect(ledger.waitingCount).toBe(0);
    ledger.release(incumbent('a/x').owner, { retain: false });
    expect(ledger.incumbents()).toEqual([]);
  });

  it('grants nothing to one that stopped waiting', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    ledger.claim(request('b/x'));
    ledger.stopWaiting({ namespace: 'b', name: 'x' });
    ledger.stopWaiting({ namespace: 'a', name: 'x' });
    expect(ledger.release(incumbent('a/x').owner, { retain: false })).toEqual({ released: true, requeue: [] });
    expect(ledger.incumbents()).toEqual([]);
  });

  it('leads on to those that waited for a waiter', () => {
    const ledger = ledgerOf(incumbent('a/x'), incumbent('b/y'));
    // Wants the name of a/x, and to give up its own for it, for which c/z waits.
    ledger.claim(request('b/y', { uid: 'new', bucketName: 'x' }));
    ledger.claim(request('c/z', { bucketName: 'y' }));
    ledger.release(incumbent('a/x').owner, { retain: false });
    expect(ledger.heldBy({ namespace: 'b', name: 'y' })).toMatchObject({ bucketName: 'x' });
    expect(ledger.heldBy({ namespace: 'c', name: 'z' })).toMatchObject({ bucketName: 'y' });
  });
});

describe('a tombstone', () => {
  const buried = (): ClaimLedger => {
    const ledger = ledgerOf(incumbent('a/x'));
    ledger.release(incumbent('a/x').owner, { retain: true });
    return ledger;
  };

  it('stands where data was left, and survives a restart', () => {
    const [stone] = buried().tombstones();
    expect(stone).toEqual({ path: '/a/x', bucketName: 'x', namespace: 'a', name: 'x', since: NOW.toISOString() });
    const tombstones = JSON.parse(JSON.stringify(buried().tombstones())) as Tombstone[];
    expect(new ClaimLedger({ tombstones }).tombstones()).toEqual([stone]);
  });

  it('keeps the path from other namespaces, not the bucket name', () => {
    const ledger = buried();
    for (const [path, reason] of [
      ['/a/x', 'PathTaken'],
      ['/a', 'PathOverlap'],
      ['/a/x/y', 'PathOverlap'],
    ] as const) {
      expect(ledger.claim(request('b/x', { path }))).toMatchObject({
        reason,
        holder: { since: NOW.toISOString() },
        message: expect.stringMatching(/left: .* or ask an administrator to release it$/),
      });
    }
    expect(ledger.claim(request('b/x', { path: '/b' }))).toEqual(granted);
  });

  it.each(['a/x', 'a/other'])('is taken over by %s of its namespace', (who) => {
    const ledger = buried();
    expect(ledger.claim(request(who, { path: '/a/x', overlap: 'Deny', uid: 'new' }))).toEqual(granted);
    expect(ledger.tombstones()).toEqual([]);
  });

  it('tells where the data of an S3Bucket lies that comes back', () => {
    expect(buried().standingOf({ namespace: 'a', name: 'x' })).toEqual({
      incumbent: false,
      othersInNamespace: 0,
      path: '/a/x',
    });
  });

  it('does not stand where a claim only read, nor where the data is gone', () => {
    const ledger = ledgerOf(incumbent('a/x', { accessMode: 'ReadOnly' }), incumbent('a/y'));
    ledger.release(incumbent('a/x').owner, { retain: true });
    ledger.release(incumbent('a/y').owner, { retain: false });
    expect(ledger.tombstones()).toEqual([]);
  });

  it('stays when its namespace only reads there', () => {
    const ledger = buried();
    expect(ledger.claim(request('a/r', { path: '/a/x', accessMode: 'ReadOnly' }))).toEqual(granted);
    expect(ledger.tombstones()).toHaveLength(1);
    expect(ledger.claim(request('b/w', { path: '/a/x', overlap: 'ReadOnly' }))).toMatchObject({ granted: false });
  });

  it('stays while a path of its namespace is only being tried, and afterwards', () => {
    const ledger = buried();
    const trial = request('a/new', { path: '/a/x', isTrial: true });
    expect(ledger.claim(trial)).toEqual(granted);
    expect(ledger.tombstones()).toHaveLength(1);
    ledger.release(trial.owner, { retain: false });
    expect(ledger.claim(request('b/x', { path: '/a/x' }))).toMatchObject({ reason: 'PathTaken' });

    expect(ledger.claim(trial)).toEqual(granted);
    expect(ledger.claim(request('a/new', { path: '/a/x' }))).toMatchObject({ granted: true });
    expect(ledger.tombstones()).toEqual([]);
  });

  it('stands where a path is only tried from now on that was written to before', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    expect(ledger.claim(request('a/x', { uid: 'new', isTrial: true }))).toEqual(granted);
    ledger.release(request('a/x', { uid: 'new' }).owner, { retain: false });
    expect(ledger.tombstones()).toMatchObject([{ path: '/a/x' }]);
  });

  it('goes when an administrator says so, to the oldest that waits', () => {
    const ledger = buried();
    const waiting = request('b/x', { path: '/a/x' });
    ledger.claim(waiting);
    expect(ledger.clearTombstone('/a')).toEqual([]);
    expect(ledger.clearTombstone('/a/x')).toEqual([waiting.owner]);
    expect(ledger.heldBy(waiting.owner)).toMatchObject({ path: '/a/x' });
    expect(ledger.tombstones()).toEqual([]);
  });

  it('is gone where a mapping of its namespace is published, as after a crash between the two', () => {
    const tombstones = [tombstone('a/x', '/a/x'), tombstone('b/y', '/b/y')];
    const ledger = new ClaimLedger({ tombstones, incumbents: [incumbent('a/x')] });
    expect(ledger.tombstones()).toEqual([tombstone('b/y', '/b/y')]);
  });
});

describe('tombstones', () => {
  const release = (ledger: ClaimLedger, { owner }: Incumbent): unknown => ledger.release(owner, { retain: true });
  const paths = (ledger: ClaimLedger): string[] => ledger.tombstones().map(({ path }) => path);

  it('of one namespace above one another are one, but for where an S3Bucket comes back to', () => {
    const at = (path: string): Incumbent => incumbent('a/x', { path });
    const ledger = ledgerOf(at('/p'));
    release(ledger, at('/p'));
    for (const path of ['/p/1', '/p/2', '/p/3']) {
      ledger.claim(request('a/x', { path }));
      release(ledger, at(path));
    }
    expect(paths(ledger)).toEqual(['/p', '/p/3']);
    expect(ledger.standingOf({ namespace: 'a', name: 'x' }).path).toBe('/p/3');
  });

  it('of others stay within one another, and who waits for one that went waits for the one above', () => {
    const [below, above] = [request('a/x', { path: '/p/1' }), request('a/x', { path: '/p', overlap: 'SameNamespace' })];
    const ledger = ledgerOf(incumbent('b/y', { path: '/q/1' }), incumbent('a/x', { path: '/p/1' }));
    release(ledger, below);
    const waiter = request('b/z', { path: '/p/1' });
    expect(ledger.claim(waiter)).toMatchObject({ granted: false });
    ledger.claim(above);
    release(ledger, above);
    expect(paths(ledger)).toEqual(['/p']);
    expect(ledger.clearTombstone('/p')).toEqual([waiter.owner]);
  });

  describe('that are as many as can be stored', () => {
    const [full, left] = [tombstone('c/z', '/c/z'), incumbent('a/x')];
    const reader = incumbent('a/r', { accessMode: 'ReadOnly' });
    const ledgerFull = (): ClaimLedger => {
      const options = { incumbents: [left, reader], tombstones: [full] };
      return new ClaimLedger(options, () => NOW, { tombstoneBytes: 150 });
    };

    it('keep those from going that leave data, and nobody else', () => {
      const ledger = ledgerFull();
      expect(ledger.canRelease(left.owner)).toBe(false);
      expect(ledger.canRelease(reader.owner)).toBe(true);
      expect(ledger.claim(request('b/new'))).toEqual(granted);
      expect(ledger.claim(request('a/x', { path: '/elsewhere' }))).toMatchObject({
        granted: false,
        reason: 'RetainedPathsUnusable',
      });
      expect(ledger.heldBy(left.owner)).toEqual(left);
      ledger.clearTombstone(full.path);
      expect(ledger.canRelease(left.owner)).toBe(true);
    });

    it('let nobody move whose turn comes', () => {
      const ledger = ledgerFull();
      ledger.claim(request('b/y', { path: '/wanted', accessMode: 'ReadOnly' }));
      const moving = request('a/x', { path: '/wanted' });
      expect(ledger.claim(moving)).toMatchObject({ reason: 'PathTaken' });
      expect(ledger.release(request('b/y').owner, { retain: true }).requeue).toEqual([moving.owner]);
      expect(ledger.heldBy(left.owner)).toEqual(left);
      expect(ledger.claim(moving)).toMatchObject({ reason: 'RetainedPathsUnusable' });
    });
  });
});

describe('a ledger', () => {
  it('begins anew with what is published', () => {
    const ledger = ledgerOf(incumbent('a/x'));
    ledger.claim(request('b/x'));
    ledger.restore({ incumbents: [incumbent('b/y')], tombstones: [tombstone('c/z', '/c/z')] });
    expect(ledger.incumbents()).toEqual([incumbent('b/y')]);
    expect(ledger.waitingCount).toBe(0);
    expect(ledger.claim(request('a/x'))).toEqual(granted);
  });

  it('counts what a namespace holds', () => {
    const ledger = ledgerOf(incumbent('a/x'), incumbent('a/y'), incumbent('b/z'));
    expect(ledger.standingOf({ namespace: 'a', name: 'x' })).toEqual({
      incumbent: true,
      othersInNamespace: 1,
      path: '/a/x',
    });
    expect(ledger.standingOf({ namespace: 'a', name: 'new' })).toEqual({ incumbent: false, othersInNamespace: 2 });
    ledger.release(incumbent('a/y').owner, { retain: false });
    expect(ledger.standingOf({ namespace: 'a', name: 'new' })).toEqual({ incumbent: false, othersInNamespace: 1 });
  });
});
