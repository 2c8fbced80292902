import { describe, expect, it } from 'vitest';
import { ALICE, blank, codeOf } from '../../../test/support/operation-context.js';
import { s3Request } from '../../../test/support/s3-request.js';
import type { Snapshot } from '../../config/snapshot.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import type { Buckets } from '../../objects/buckets.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import { ListBuckets } from './list-buckets.js';

const NAMES = ['alpha', 'beta', 'beta-2', 'gamma'];

describe('ListBuckets', () => {
  it('gives name, creation and region of each bucket, and the owner', async () => {
    const xml = await list('');
    expect(names(xml)).toEqual(NAMES);
    const first = xml.child('Buckets').children('Bucket')[0] as XmlElement;
    expect(first.text('CreationDate')).toBe('2026-01-02T03:04:05.000Z');
    expect(first.text('BucketRegion')).toBe('us-east-1');
    expect(xml.child('Owner').text('DisplayName')).toBe('alice');
    expect(xml.child('Owner').text('ID')).toMatch(/^[0-9a-f]{64}$/);
    expect(xml.optionalChild('ContinuationToken')).toBeUndefined();
  });

  it('gives pages', async () => {
    const pages: (readonly string[])[] = [];
    let token = '';
    do {
      const xml = await list(`max-buckets=3${token === '' ? '' : `&continuation-token=${token}`}`);
      pages.push(names(xml));
      token = xml.optionalText('ContinuationToken') ?? '';
    } while (token !== '');
    expect(pages).toEqual([['alpha', 'beta', 'beta-2'], ['gamma']]);
  });

  it.each([
    ['prefix=beta', ['beta', 'beta-2']],
    ['prefix=', NAMES],
    ['prefix=none', []],
    ['bucket-region=us-east-1', NAMES],
    ['bucket-region=eu-west-1', []],
    ['max-buckets=10000', NAMES],
  ])('filters by %s', async (query, expected) => {
    expect(names(await list(query))).toEqual(expected);
  });

  it.each(['max-buckets=0', 'max-buckets=10001', 'max-buckets=-1', 'max-buckets=x', 'continuation-token=x'])(
    'refuses %s',
    async (query) => {
      expect(await codeOf(() => list(query))).toBe('InvalidArgument');
    },
  );
});

async function list(query: string): Promise<XmlElement> {
  const createdAt = new Date('2026-01-02T03:04:05.678Z');
  const buckets = { list: () => NAMES.map((name) => ({ name, createdAt })) } as unknown as Buckets;
  const snapshots = new SnapshotStore({ region: 'us-east-1' } as Snapshot);
  const context = {
    request: s3Request({ query }),
    principal: ALICE,
    framing: { kind: 'plain' },
    observed: blank(),
  } as const;
  const { body } = await new ListBuckets(buckets, snapshots).execute(context);
  return parseXml(Buffer.from(body as string), 'ListAllMyBucketsResult');
}

function names(xml: XmlElement): readonly string[] {
  return xml
    .child('Buckets')
    .children('Bucket')
    .map((bucket) => bucket.text('Name'));
}
