import type { ListedBucket } from '../../objects/buckets.js';
import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { ownerTemplate } from '../documents/owner-template.js';
import { formatListedDate } from '../listing/listed-object-template.js';
import type { Owner } from '../documents/owner.js';

interface BucketRow {
  readonly name: string;
  readonly creationDate: string;
  readonly region: string;
}

interface Values {
  readonly owner: Owner;
  readonly buckets: { readonly rows: readonly BucketRow[] };
  readonly prefix: string | undefined;
  readonly nextToken: string | undefined;
}

const BUCKET = compileTemplate<BucketRow>('Bucket', (xml, slot) => {
  slot.leaf(xml, 'Name', 'name');
  slot.leaf(xml, 'CreationDate', 'creationDate');
  slot.leaf(xml, 'BucketRegion', 'region');
});

const BUCKETS = compileTemplate<Values['buckets']>('Buckets', (xml, slot) => slot.part(xml, 'rows', BUCKET));

const DOCUMENT = compileDocument<Values>('ListAllMyBucketsResult', (xml, slot) => {
  slot.part(xml, 'owner', ownerTemplate('Owner'));
  slot.part(xml, 'buckets', BUCKETS);
  slot.leaf(xml, 'Prefix', 'prefix');
  slot.leaf(xml, 'ContinuationToken', 'nextToken');
});

/** What a page of ListBuckets shows. */
export interface ListBucketsResult {
  readonly buckets: readonly ListedBucket[];
  readonly owner: Owner;
  readonly region: string;
  readonly prefix: string | undefined;
  readonly nextToken: string | undefined;
}

/** The answer to ListBuckets. */
export function listBucketsDocument({ buckets, owner, region, prefix, nextToken }: ListBucketsResult): string {
  const rows = buckets.map(({ name, createdAt }) => ({ name, creationDate: formatListedDate(createdAt), region }));
  return DOCUMENT.render({ owner, buckets: { rows }, prefix, nextToken });
}
