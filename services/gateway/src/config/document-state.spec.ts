import type { MappedBucket } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../auth/identity.js';
import type { FoundDocument, FoundDocuments } from './document-loader.js';
import { nextDocumentState, NO_DOCUMENTS } from './document-state.js';
import type { BucketMapping } from './snapshot.js';

const BASE = { identities: new Map<string, Identity>(), buckets: new Map<string, BucketMapping>(), documents: ['/d'] };

function bucket(name: string, ...keys: string[]): MappedBucket {
  return { name, path: `/${name}`, grants: keys.map((accessKeyId) => ({ accessKeyId, mode: 'admin' })) };
}

function mappings(shard: string, revision: number, ...content: MappedBucket[]): FoundDocument<readonly MappedBucket[]> {
  const text = JSON.stringify(content);
  return {
    file: `/d/mappings-${shard}.json`,
    document: { revision, hash: `${revision} ${text}`, contentHash: text, content },
  };
}

function credentials(
  shard: string,
  revision: number,
  keys: Record<string, string>,
): FoundDocument<ReadonlyMap<string, string>> {
  const text = JSON.stringify(keys);
  const content = new Map(Object.entries(keys));
  return {
    file: `/d/credentials-${shard}.json`,
    document: { revision, hash: `${revision} ${text}`, contentHash: text, content },
  };
}

function found(
  maps: FoundDocuments['mappings'],
  keys: FoundDocuments['credentials'] = [],
  unreadable: [string, string][] = [],
): FoundDocuments {
  return { mappings: maps, credentials: keys, unreadable: new Map(unreadable) };
}

const M0 = '/d/mappings-0.json';
const M1 = '/d/mappings-1.json';
const C0 = '/d/credentials-0.json';

describe('nextDocumentState', () => {
  const first = nextDocumentState(
    NO_DOCUMENTS,
    found([mappings('0', 5, bucket('aaa', 'K1'))], [credentials('0', 5, { K1: 's1', K2: 's2' })]),
    BASE,
  );

  it('applies a pair, with the keys that the mapping names and no others', () => {
    expect(first.refused).toEqual(new Map());
    expect(first.mappings.get(M0)).toMatchObject({ revision: 5, secrets: new Map([['K1', 's1']]) });
  });

  it('refuses a mapping whose key is not there yet, and keeps the old one', () => {
    const half = found([mappings('0', 6, bucket('aaa', 'K9'))], [credentials('0', 5, { K1: 's1', K2: 's2' })]);
    const next = nextDocumentState(first, half, BASE);
    expect(next.mappings.get(M0)?.revision).toBe(5);
    expect(next.refused.get(M0)).toMatch(/names the key K9 \(bucket aaa\)/);
    const whole = found([mappings('0', 6, bucket('aaa', 'K9'))], [credentials('0', 6, { K9: 's9' })]);
    expect(nextDocumentState(next, whole, BASE)).toMatchObject({
      refused: new Map(),
      mappings: new Map([[M0, expect.objectContaining({ revision: 6, secrets: new Map([['K9', 's9']]) })]]),
    });
  });

  it('keeps serving the keys of a mapping whose credentials lost them', () => {
    const lost = found([mappings('0', 5, bucket('aaa', 'K1'))], [credentials('0', 6, {})]);
    const next = nextDocumentState(first, lost, BASE);
    expect(next.mappings.get(M0)?.secrets).toEqual(new Map([['K1', 's1']]));
    expect(next.refused.get(M0)).toMatch(/K1/);
  });

  it.each([
    ['a lower revision', mappings('0', 4, bucket('bbb')), /goes back from revision 5 to 4/],
    ['other content of the same revision', mappings('0', 5, bucket('bbb')), /other content than the revision 5/],
    ['a broken file', { file: M0, mistake: 'is not JSON' }, /is not JSON/],
  ])('refuses %s and keeps the old', (_, document, reason) => {
    const next = nextDocumentState(first, found([document], [credentials('0', 5, { K1: 's1' })]), BASE);
    expect(next.mappings.get(M0)?.revision).toBe(5);
    expect(next.refused.get(M0)).toMatch(reason);
  });

  it('accepts a lower revision that says the same', () => {
    const again = found([mappings('0', 1, bucket('aaa', 'K1'))], [credentials('0', 1, { K1: 's1', K2: 's2' })]);
    const next = nextDocumentState(first, again, BASE);
    expect(next.refused).toEqual(new Map());
    expect(next.mappings.get(M0)?.revision).toBe(1);
  });

  it('refuses credentials that go back', () => {
    const back = found([mappings('0', 5, bucket('aaa', 'K1'))], [credentials('0', 4, { K1: 'old' })]);
    const next = nextDocumentState(first, back, BASE);
    expect(next.mappings.get(M0)?.secrets).toEqual(new Map([['K1', 's1']]));
    expect(next.refused.get(C0)).toMatch(/goes back/);
  });

  it('keeps what a vanished file or an unreadable folder said', () => {
    const next = nextDocumentState(first, found([], [], [['/d', 'EIO']]), BASE);
    expect(next.mappings.get(M0)?.revision).toBe(5);
    expect([...next.refused.keys()].toSorted()).toEqual(['/d', C0, M0]);
  });

  it('ends the documents of a folder that the configuration no longer names', () => {
    const next = nextDocumentState(first, found([]), { ...BASE, documents: [] });
    expect(next).toEqual(NO_DOCUMENTS);
  });

  it('lets one bad shard not hold up another', () => {
    const both = found(
      [{ file: M0, mistake: 'is not JSON' }, mappings('1', 1, bucket('ccc', 'K2'))],
      [credentials('0', 5, { K1: 's1', K2: 's2' })],
    );
    const next = nextDocumentState(first, both, BASE);
    expect(next.mappings.get(M0)?.revision).toBe(5);
    expect(next.mappings.get(M1)?.revision).toBe(1);
  });

  it('lets a bucket move between documents in one step', () => {
    const moved = found(
      [mappings('0', 6), mappings('1', 1, bucket('aaa', 'K1'))],
      [credentials('0', 5, { K1: 's1', K2: 's2' })],
    );
    const next = nextDocumentState(first, moved, BASE);
    expect(next.refused).toEqual(new Map());
    expect(next.mappings.get(M1)?.content[0]?.name).toBe('aaa');
  });

  it('leaves a bucket to the document that has it', () => {
    const claimed = found(
      [mappings('0', 5, bucket('aaa', 'K1')), mappings('1', 1, bucket('aaa', 'K2'), bucket('ddd'))],
      [credentials('0', 5, { K1: 's1', K2: 's2' })],
    );
    const next = nextDocumentState(first, claimed, BASE);
    expect(next.mappings.has(M1)).toBe(false);
    expect(next.refused.get(M1)).toMatch(/maps the bucket aaa, which mappings-0\.json maps/);
  });

  const fixed = new Map([['aaa', { name: 'aaa', path: '/', grants: [], anonymous: 'none' } as const]]);

  it('leaves a bucket to the configuration file, and to nobody else what comes with it', () => {
    const both = found(
      [mappings('0', 1, bucket('aaa', 'K1'), bucket('bbb', 'K2'))],
      [credentials('0', 1, { K1: 's1', K2: 's2' })],
    );
    const next = nextDocumentState(NO_DOCUMENTS, both, { ...BASE, buckets: fixed });
    expect(next.refused).toEqual(new Map());
    expect(next.mappings.get(M0)).toMatchObject({
      revision: 1,
      applied: [bucket('bbb', 'K2')],
      leftOut: [{ bucket: 'aaa', reason: expect.stringContaining('configuration file') as string }],
    });
  });

  it('lets the revocations of a document come into force beside such a bucket', () => {
    const before = nextDocumentState(
      NO_DOCUMENTS,
      found([mappings('0', 1, bucket('bbb', 'K1'))], [credentials('0', 1, { K1: 's1' })]),
      { ...BASE, buckets: fixed },
    );
    const revoked = found([mappings('0', 2, bucket('bbb'), bucket('aaa'))], [credentials('0', 1, { K1: 's1' })]);
    const next = nextDocumentState(before, revoked, { ...BASE, buckets: fixed });
    expect(next.mappings.get(M0)).toMatchObject({ revision: 2, applied: [bucket('bbb')], secrets: new Map() });
  });

  it('leaves a bucket to the configuration file also where an older version stays', () => {
    const broken = found([{ file: M0, mistake: 'is not JSON' }], [credentials('0', 5, { K1: 's1', K2: 's2' })]);
    const next = nextDocumentState(first, broken, { ...BASE, buckets: fixed });
    expect(next.mappings.get(M0)).toMatchObject({ revision: 5, applied: [], leftOut: [{ bucket: 'aaa' }] });
  });

  it('knows fixed identities, and no other secret for them', () => {
    const identities = new Map([['K1', { name: 'main', accessKeyId: 'K1', secretAccessKey: 's1' }]]);
    const base = { ...BASE, identities };
    const alone = nextDocumentState(NO_DOCUMENTS, found([mappings('0', 1, bucket('aaa', 'K1'))]), base);
    expect(alone.refused).toEqual(new Map());
    const other = found([mappings('0', 1, bucket('aaa', 'K1'))], [credentials('0', 1, { K1: 'other' })]);
    const next = nextDocumentState(NO_DOCUMENTS, other, base).mappings.get(M0);
    expect(next?.applied).toEqual([bucket('aaa')]);
    expect(next?.leftOut).toMatchObject([{ bucket: 'aaa', accessKeyId: 'K1' }]);
    expect(next?.leftOut[0]?.reason).toMatch(/key K1 .* with another secret$/);
    expect(next?.leftOut[0]?.reason).not.toMatch(/other$|s1/);
  });

  it('gives a fixed identity nothing that a document gives to its key with another secret, whatever comes after', () => {
    const identities = new Map([['K1', { name: 'main', accessKeyId: 'K1', secretAccessKey: 's1' }]]);
    const base = { ...BASE, identities };
    const other = found([mappings('0', 1, bucket('aaa', 'K1'))], [credentials('0', 1, { K1: 'other' })]);
    const before = nextDocumentState(NO_DOCUMENTS, other, base);
    const next = nextDocumentState(before, found([{ file: M0, mistake: 'is not JSON' }]), base);
    expect(next.mappings.get(M0)?.applied).toEqual([bucket('aaa')]);
  });
});
