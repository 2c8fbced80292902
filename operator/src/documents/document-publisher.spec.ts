import { MAX_DOCUMENT_BYTES, shardOf, verify } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import {
  keyOfDocument,
  keyRing,
  mappedBucket,
  PublisherFixture,
  ringRef,
} from '../../test/support/publisher-fixture.js';
import { buildAppSecret } from '../credentials/app-secret.js';
import type { Secret } from '../kube/core-objects.js';
import type { KubeObject } from '../kube/kube-object.js';
import { documentObjectName } from './document-names.js';

const MAPPINGS = keyOfDocument('mappings');
const CREDENTIALS = keyOfDocument('credentials');

async function started(): Promise<PublisherFixture> {
  const fixture = new PublisherFixture();
  fixture.start();
  fixture.publisher.settle();
  return fixture;
}

/** A fixture that serves the bucket photos with the key BW1. */
async function serving(): Promise<PublisherFixture> {
  const fixture = await started();
  const { publisher } = fixture;
  await Promise.all([
    publisher.setKeys(ringRef('photos-s3'), keyRing('BW1')),
    publisher.setMapping(mappedBucket('photos', 'BW1')),
  ]);
  return fixture;
}

describe('a change', () => {
  it('stores the key before the mapping that names it', async () => {
    const fixture = await serving();
    expect(fixture.api.writes.map(({ key }) => key)).toEqual([CREDENTIALS, MAPPINGS]);
    expect(fixture.mapped()).toEqual({ photos: ['BW1'] });
    expect(fixture.keys()).toEqual(['BW1']);
    expect(verify(JSON.parse(fixture.text('mappings')) as object)).toBe(true);
    expect(verify(JSON.parse(fixture.text('credentials')) as object)).toBe(true);
  });

  it('tells since which version it is stored', async () => {
    const fixture = await serving();
    const { publisher } = fixture;
    const first = publisher.mapping('photos')?.since;
    expect(first).toMatchObject({ kind: 'mappings', shard: 0, revision: 1 });
    expect(first?.hash).toBe((JSON.parse(fixture.text('mappings')) as { hash: string }).hash);
    await publisher.setMapping(mappedBucket('other'));
    expect(fixture.revision('mappings')).toBe(2);
    // Gateways that have revision 1 have photos as it is, whatever came later.
    expect(await publisher.setMapping(mappedBucket('photos', 'BW1'))).toEqual(first);
  });

  it('is not written where nothing changed', async () => {
    const fixture = await serving();
    const { length } = fixture.api.writes;
    await fixture.publisher.setMapping(mappedBucket('photos', 'BW1'));
    await fixture.publisher.setKeys(ringRef('photos-s3'), keyRing('BW1'));
    expect(fixture.api.writes).toHaveLength(length);
  });

  it('of the state of a key alone is no new revision for gateways', async () => {
    const fixture = await serving();
    const [first] = keyRing('BW1').keys;
    const retiring = { ...keyRing('BW1'), keys: [{ ...first!, state: 'Retiring', retireAt: '2026-01-02T00:00:00Z' }] };
    await fixture.publisher.setKeys(ringRef('photos-s3'), retiring as never);
    expect(fixture.ledger().get('team-a/photos-s3')?.keys[0]?.state).toBe('Retiring');
    expect(fixture.revision('credentials')).toBe(1);
  });

  it('gathers with others while a write is under way', async () => {
    const { publisher, api } = await started();
    await Promise.all(Array.from({ length: 50 }, (_, index) => publisher.setMapping(mappedBucket(`bucket-${index}`))));
    expect(api.writes.length).toBeLessThanOrEqual(2);
  });

  it('of keys is told as stored only once they are, whatever came between', async () => {
    const fixture = await started();
    const { publisher, api } = fixture;
    const ring = ringRef('photos-s3');
    const stored = publisher.setKeys(ring, keyRing('BW1'));
    const others = [publisher.removeKeys(ring), publisher.setKeys(ringRef('logs-s3'), keyRing('BW2'))];
    const turn = api.gate;
    api.gate = async () => {
      api.gate = turn;
      others.push(publisher.setKeys(ring, keyRing('BW1')));
      await turn();
    };
    await stored;
    expect(fixture.keys()).toEqual(['BW1', 'BW2']);
    await Promise.all(others);
  });

  it('waits a little under load, and not when idle', async () => {
    const clock = new ManualClock();
    const fixture = new PublisherFixture(undefined, clock, { busyWindowMs: 50 });
    fixture.start();
    fixture.publisher.settle();
    const first = fixture.publisher.setMapping(mappedBucket('first'));
    fixture.api.gate = async () => void fixture.publisher.setMapping(mappedBucket('second'));
    await first;
    expect(Object.keys(fixture.mapped())).toEqual(['first']);
    fixture.api.gate = async () => {};
    await clock.advance(50);
    expect(Object.keys(fixture.mapped())).toEqual(['first', 'second']);
  });

  it('of a key that nobody has is refused', async () => {
    const { publisher } = await started();
    await expect(publisher.setMapping(mappedBucket('photos', 'BW1'))).rejects.toThrow('names the key BW1');
    expect(publisher.mappings()).toEqual([]);
    expect(publisher.wantedMapping('photos')).toBeUndefined();
  });

  it.each([
    ['another namespace', ringRef('theirs', 'team-b'), keyRing('BW1')],
    [
      'another secret',
      ringRef('second'),
      { ...keyRing('BW1'), keys: [{ ...keyRing('BW1').keys[0]!, secretAccessKey: 'guessed-it' }] },
    ],
  ])('that takes a key id from %s is refused', async (_, ref, entry) => {
    const { publisher } = await serving();
    await expect(publisher.setKeys(ref, entry)).rejects.toThrow('the access key id BW1 is in use already');
    expect(publisher.keys(ref)).toBeUndefined();
  });

  it('may give one key to two rings of a namespace', async () => {
    const { publisher } = await serving();
    await publisher.setKeys(ringRef('second'), keyRing('BW1'));
    await publisher.removeKeys(ringRef('photos-s3'));
    expect(publisher.isKeyTaken(ringRef('x', 'team-b'), keyRing('BW1').keys[0]!)).toBe(true);
  });

  it('that does not fit is refused, and says what to do; the rest goes on', async () => {
    const fixture = await serving();
    const cors = Array.from({ length: 100 }, () => ({
      allowedOrigins: ['x'.repeat(5000)],
      allowedMethods: ['GET'] as const,
    }));
    await fixture.publisher.setMapping({ ...mappedBucket('large'), cors });
    await expect(fixture.publisher.setMapping({ ...mappedBucket('more'), cors: [...cors, ...cors] })).rejects.toThrow(
      'install Bucketway with more documents.shards',
    );
    await fixture.publisher.setMapping(mappedBucket('small'));
    expect(Object.keys(fixture.mapped())).toEqual(['large', 'photos', 'small']);
    expect(fixture.text('mappings').length).toBeLessThanOrEqual(MAX_DOCUMENT_BYTES);
  });
});

describe('a removal', () => {
  it('of a mapping tells the version without it, again and again', async () => {
    const fixture = await serving();
    const removed = await fixture.publisher.removeMapping('photos');
    expect(removed.revision).toBe(2);
    await fixture.publisher.setMapping(mappedBucket('other'));
    expect(await fixture.publisher.removeMapping('photos')).toEqual(removed);
    expect(fixture.mapped()).toEqual({ other: [] });
  });

  it('of a key waits for the last mapping that names it', async () => {
    const fixture = await serving();
    await fixture.publisher.removeKeys(ringRef('photos-s3'));
    expect(fixture.ledger().size).toBe(0);
    expect(fixture.keys()).toEqual(['BW1']);
    expect(fixture.publisher.isKeyTaken(ringRef('x'), { accessKeyId: 'BW1', secretAccessKey: 'guessed-it' })).toBe(
      true,
    );
    await fixture.publisher.removeMapping('photos');
    await fixture.publisher.idle();
    expect(fixture.keys()).toEqual([]);
  });

  it('of many at once is held, told, and done when the hold is over', async () => {
    const fixture = await started();
    const { publisher, clock } = fixture;
    const names = Array.from({ length: 30 }, (_, index) => `bucket-${index}`);
    await Promise.all(names.map((name) => publisher.setMapping(mappedBucket(name))));
    const results = await Promise.allSettled(names.map((name) => publisher.removeMapping(name)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    expect(results[10]).toMatchObject({ reason: { name: 'RemovalHeldError', retryInMs: 60_000 } });
    expect(fixture.holds).toEqual([{ count: 11, total: 30, holdMs: 60_000 }]);
    expect(publisher.heldRemovals).toBe(20);
    await publisher.setMapping(mappedBucket('bucket-29'));
    await clock.advance(60_000);
    await publisher.idle();
    expect(Object.keys(fixture.mapped())).toEqual(['bucket-29']);
  });

  it('goes on after the hold, with those that follow', async () => {
    const fixture = await started();
    const names = Array.from({ length: 40 }, (_, index) => `bucket-${index}`);
    await Promise.all(names.map((name) => fixture.publisher.setMapping(mappedBucket(name))));
    await Promise.allSettled(names.slice(0, 20).map((name) => fixture.publisher.removeMapping(name)));
    await fixture.clock.advance(60_000);
    await Promise.all(names.slice(20).map((name) => fixture.publisher.removeMapping(name)));
    expect(fixture.mapped()).toEqual({});
  });
});

describe('what somebody else does to an object', () => {
  const edits: [string, string, (fixture: PublisherFixture) => void][] = [
    [
      'an edit',
      'edited',
      ({ api }) => void api.edit(MAPPINGS, (object) => (object.data = { 'mappings-0.json': '{}' })),
    ],
    ['another entry', 'edited', ({ api }) => void api.edit(CREDENTIALS, (object) => (object.data!['x'] = 'eA=='))],
    ['a label that is gone', 'edited', ({ api }) => void api.edit(MAPPINGS, (object) => (object.metadata.labels = {}))],
    [
      'a ConfigMap that is made immutable',
      'edited',
      ({ api }) => void api.edit(MAPPINGS, (object) => (object.immutable = true)),
    ],
    ['a deleted ConfigMap', 'deleted', ({ api }) => void api.remove(MAPPINGS)],
    ['a deleted Secret', 'deleted', ({ api }) => void api.remove(CREDENTIALS)],
  ];
  it.each(edits)('%s is undone with the same keys and a higher revision', async (_, change, edit) => {
    const fixture = await serving();
    const before = { mappings: fixture.revision('mappings'), credentials: fixture.revision('credentials') };
    const secret = fixture.text('credentials', 0, 'ledger.json');
    edit(fixture);
    await fixture.publisher.idle();
    expect(fixture.drifts).toHaveLength(1);
    const [{ kind, change: told }] = fixture.drifts as unknown as [
      { kind: 'mappings' | 'credentials'; change: string },
    ];
    expect(told).toBe(change);
    expect(fixture.mapped()).toEqual({ photos: ['BW1'] });
    expect(fixture.keys()).toEqual(['BW1']);
    expect(fixture.revision(kind)).toBeGreaterThan(before[kind]);
    expect((JSON.parse(fixture.text('credentials', 0, 'ledger.json')) as { keys: unknown }).keys).toEqual(
      (JSON.parse(secret) as { keys: unknown }).keys,
    );
    expect(fixture.api.objects.get(keyOfDocument(kind))?.metadata.labels).toEqual({
      'app.kubernetes.io/managed-by': 'bucketway-operator',
      'bucketway.dev/document': kind,
    });
  });

  it('is told with the object and the field manager', async () => {
    const fixture = await serving();
    fixture.api.edit(MAPPINGS, (object) => {
      object.data = {};
      object.metadata.managedFields = [
        { manager: 'kubectl-edit', time: '2026-02-01T00:00:00Z' },
        { manager: 'bucketway-operator', time: '2026-01-01T00:00:00Z' },
      ];
    });
    await fixture.publisher.idle();
    const object = { kind: 'ConfigMap', namespace: 'storage', name: 'bw-mappings-0' };
    expect(fixture.drifts).toEqual([{ kind: 'mappings', shard: 0, change: 'edited', object, manager: 'kubectl-edit' }]);
  });

  it('leads to a revision above the one that it claims', async () => {
    const fixture = await serving();
    const claimed = JSON.stringify({ ...(JSON.parse(fixture.text('mappings')) as object), revision: 70 });
    fixture.api.edit(MAPPINGS, (object) => (object.data = { 'mappings-0.json': claimed }));
    await fixture.publisher.idle();
    expect(fixture.revision('mappings')).toBe(71);
  });

  it('is no drift where it leaves the content alone; annotations stay', async () => {
    const fixture = await serving();
    fixture.api.edit(MAPPINGS, (object) => (object.metadata.annotations = { 'backup/tool': 'seen' }));
    await fixture.publisher.idle();
    await fixture.publisher.setMapping(mappedBucket('other'));
    expect(fixture.drifts).toEqual([]);
    expect(fixture.api.objects.get(MAPPINGS)?.metadata.annotations).toEqual({ 'backup/tool': 'seen' });
  });

  it('is found by the next write, even where no watch told', async () => {
    const fixture = await serving();
    fixture.api.onStored = () => {};
    fixture.api.edit(MAPPINGS, (object) => (object.data = {}));
    fixture.api.remove(CREDENTIALS);
    await fixture.publisher.setKeys(ringRef('second'), keyRing('BW2'));
    await fixture.publisher.setMapping(mappedBucket('second', 'BW2'));
    expect(fixture.mapped()).toEqual({ photos: ['BW1'], second: ['BW2'] });
    expect(fixture.keys()).toEqual(['BW1', 'BW2']);
    expect(fixture.drifts.map(({ change }) => change)).toEqual(['deleted', 'edited']);
  });

  it.each([1, 3])('by a backup that brings back what was written here %i writes ago is undone', async (writes) => {
    const fixture = await serving();
    const backup = structuredClone(fixture.api.objects.get(MAPPINGS)) as KubeObject;
    for (let write = 1; write <= writes; write++) await fixture.publisher.setMapping(mappedBucket(`later-${write}`));
    const { length } = Object.keys(fixture.mapped());
    fixture.api.objects.set(MAPPINGS, backup);
    fixture.publisher.observe('mappings', documentObjectName('bw', 'mappings', 0), backup);
    await fixture.publisher.idle();
    expect(Object.keys(fixture.mapped())).toHaveLength(length);
    expect(fixture.drifts).toHaveLength(1);
  });

  it('a watch that is behind does not undo newer writes of ours', async () => {
    const fixture = await serving();
    const old = structuredClone(fixture.api.objects.get(MAPPINGS));
    await fixture.publisher.setMapping(mappedBucket('other'));
    const { length } = fixture.api.writes;
    fixture.publisher.observe('mappings', documentObjectName('bw', 'mappings', 0), old);
    await fixture.publisher.idle();
    expect(fixture.api.writes).toHaveLength(length);
    expect(fixture.drifts).toEqual([]);
  });
});

describe('a write that fails', () => {
  it.each(['unsent', 'refused', 'lost'] as const)('because it is %s rejects, and is tried again', async (fate) => {
    const fixture = await serving();
    fixture.api.fate = () => fate;
    await expect(fixture.publisher.setMapping(mappedBucket('other'))).rejects.toThrow();
    fixture.api.fate = () => 'stored';
    await fixture.clock.advance(250);
    await fixture.publisher.idle();
    expect(Object.keys(fixture.mapped())).toEqual(['other', 'photos']);
    expect(fixture.drifts).toEqual([]);
    expect(fixture.failures).toHaveLength(1);
  });

  it('of one Secret holds up only the buckets that need it', async () => {
    const fixture = await serving();
    fixture.api.fate = (key) => (key === CREDENTIALS ? 'refused' : 'stored');
    fixture.publisher.setKeys(ringRef('second'), keyRing('BW2')).catch(() => {});
    const waits = fixture.publisher.setMapping(mappedBucket('second', 'BW2'));
    await expect(waits).rejects.toMatchObject({ reason: 'Forbidden' });
    await fixture.publisher.setMapping(mappedBucket('other'));
    expect(Object.keys(fixture.mapped())).toEqual(['other', 'photos']);
  });

  it('is not made at all by who leads no more', async () => {
    const fixture = new PublisherFixture(undefined, undefined, {
      assertLeading: () => {
        throw new Error('another operator leads');
      },
    });
    fixture.start();
    fixture.publisher.settle();
    await expect(fixture.publisher.setMapping(mappedBucket('photos'))).rejects.toThrow('another operator leads');
    expect(fixture.api.writes).toEqual([]);
    fixture.publisher.stop();
    await expect(fixture.publisher.setMapping(mappedBucket('photos'))).rejects.toThrow('no more documents are written');
    expect(fixture.clock.pending).toBe(0);
  });
});

describe('a start', () => {
  it('takes over what is stored and writes nothing', async () => {
    const before = await serving();
    const { length } = before.api.writes;
    const after = new PublisherFixture(before.api);
    const { incumbents, keyRings, missing, distrusted } = after.start();
    await after.publisher.idle();
    expect(incumbents).toMatchObject([mappedBucket('photos', 'BW1')]);
    expect(keyRings.get('team-a/photos-s3')).toEqual(keyRing('BW1'));
    expect([...missing, ...distrusted]).toEqual([]);
    expect(after.publisher.isSettled).toBe(true);
    expect(before.api.writes).toHaveLength(length);
    expect(await after.publisher.setMapping(mappedBucket('photos', 'BW1'))).toEqual(
      before.publisher.mapping('photos')?.since,
    );
  });

  it('does not trust a ConfigMap that was edited, and writes it only when all was looked at', async () => {
    const before = await serving();
    await before.publisher.setMapping(mappedBucket('other'));
    before.publisher.stop();
    const foreign = before.text('mappings').replace('/photos', '/secret');
    before.api.edit(MAPPINGS, (object) => (object.data!['mappings-0.json'] = foreign));
    const after = new PublisherFixture(before.api);
    const { incumbents, distrusted } = after.start();
    expect(incumbents).toEqual([]);
    expect(distrusted).toMatchObject([
      { kind: 'mappings', shard: 0, reason: expect.stringContaining('does not match') },
    ]);
    await expect(after.publisher.setMapping(mappedBucket('photos', 'BW1'))).rejects.toMatchObject({
      name: 'UnsettledDocumentError',
    });
    await expect(after.publisher.setMapping(mappedBucket('other'))).rejects.toMatchObject({
      name: 'UnsettledDocumentError',
    });
    await after.publisher.idle();
    expect(before.api.objects.get(MAPPINGS)).toMatchObject({ data: { 'mappings-0.json': foreign } });
    after.publisher.settle();
    await after.publisher.idle();
    expect(after.mapped()).toEqual({ other: [], photos: ['BW1'] });
    expect(after.revision('mappings')).toBe(3);
  });

  it('writes a credentials document again whose ledger is whole', async () => {
    const before = await serving();
    before.publisher.stop();
    before.api.edit(CREDENTIALS, (object) => delete object.data!['credentials-0.json']);
    const after = new PublisherFixture(before.api);
    expect(after.start().keyRings.get('team-a/photos-s3')).toEqual(keyRing('BW1'));
    await after.publisher.idle();
    expect(after.keys()).toEqual(['BW1']);
  });

  it('gets keys back from the Secrets of apps where their own is gone', async () => {
    const before = await serving();
    before.publisher.stop();
    before.api.remove(CREDENTIALS);
    const after = new PublisherFixture(before.api);
    const { recovered, missing } = after.start([
      appSecret('team-a', 'BW1', 'secret-of-BW1'),
      appSecret('team-b', 'BW1', 'a-forged-secret'),
    ]);
    expect(missing).toEqual([{ kind: 'credentials', shard: 0 }]);
    expect(recovered).toEqual(['team-a/photos-s3']);
    await after.publisher.idle();
    expect(after.keys()).toEqual(['BW1']);
    expect(after.mapped()).toEqual({ photos: ['BW1'] });
    expect(after.publisher.keys(ringRef('photos-s3'))?.keys).toMatchObject([
      { accessKeyId: 'BW1', serial: 4, state: 'Active' },
    ]);
  });

  it('replaces a key that is lost in both places, and serves the rest meanwhile', async () => {
    const before = await serving();
    before.publisher.stop();
    before.api.remove(CREDENTIALS);
    const after = new PublisherFixture(before.api);
    expect(after.start()).toMatchObject({ recovered: [], incumbents: [{ name: 'photos' }] });
    const { publisher } = after;
    await expect(publisher.setMapping(mappedBucket('other'))).rejects.toMatchObject({ name: 'UnsettledDocumentError' });
    publisher.settle();
    await publisher.idle();
    expect(after.mapped()).toEqual({ other: [], photos: [] });
    await publisher.setKeys(ringRef('photos-s3'), keyRing('BW2'));
    await publisher.setMapping(mappedBucket('photos', 'BW2'));
    expect(after.mapped()).toEqual({ other: [], photos: ['BW2'] });
  });

  it('with more shards moves buckets and keys, the new place first', async () => {
    const before = await serving();
    for (let index = 0; index < 10; index++) {
      await before.publisher.setKeys(ringRef(`ring-${index}`), keyRing(`BW-${index}`));
      await before.publisher.setMapping(mappedBucket(`bucket-${index}`, `BW-${index}`));
    }
    before.publisher.stop();
    const after = new PublisherFixture(before.api, undefined, { shards: 4 });
    after.api.onStored = () => {};
    after.start();
    after.publisher.settle();
    await after.publisher.idle();
    const mapped = [0, 1, 2, 3].map((shard) => Object.keys(after.mapped(shard)));
    expect(mapped.flat().toSorted()).toEqual(
      before.publisher
        .mappings()
        .map(({ name }) => name)
        .toSorted(),
    );
    for (const [shard, names] of mapped.entries()) for (const name of names) expect(shardOf(name, 4)).toBe(shard);
    expect([0, 1, 2, 3].flatMap((shard) => after.keys(shard))).toHaveLength(11);
  });

  it('knows that gateways have later revisions than a restored etcd', async () => {
    const fixture = await serving();
    const raised = await fixture.publisher.raiseRevisionsAbove('mappings', 0, 41);
    expect(raised).toMatchObject({ kind: 'mappings', shard: 0, revision: 42 });
    expect(fixture.revision('mappings')).toBe(42);
    expect(fixture.mapped()).toEqual({ photos: ['BW1'] });
    expect(await fixture.publisher.raiseRevisionsAbove('mappings', 0, 41)).toEqual(raised);
    await fixture.publisher.setMapping(mappedBucket('other'));
    expect(fixture.revision('mappings')).toBe(43);
  });
});

function appSecret(namespace: string, accessKeyId: string, secretAccessKey: string): Secret {
  return buildAppSecret({
    namespace,
    name: 'photos-s3',
    owners: [],
    formats: new Set(['AWS']),
    facts: {
      bucketNames: ['photos'],
      endpoint: 'http://s3:9000',
      region: 'r',
      addressingStyle: 'path',
      accessKeyId,
      secretAccessKey,
    },
    serial: 4,
    keyCreatedAt: '2026-01-01T00:00:00.000Z',
  });
}
