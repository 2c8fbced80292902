import { SnapshotStore } from '../../config/snapshot-store.js';
import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import type { S3Response } from '../../http/s3-response.js';
import { Buckets, type ListedBucket } from '../../objects/buckets.js';
import { decodeContinuationToken, encodeContinuationToken } from '../listing/continuation-token.js';
import { type Operation, type OperationContext, S3Operation } from '../operation.js';
import { ownerOf } from '../documents/owner.js';
import { listBucketsDocument } from './list-buckets-document.js';

const MAX_BUCKETS = 10_000;

/** Lists the buckets in which the client has any grant. */
@S3Operation({ name: 'ListBuckets', method: 'GET', resource: 'root', permission: 'authenticated', body: 'none' })
export class ListBuckets implements Operation {
  constructor(
    private readonly buckets: Buckets,
    private readonly snapshots: SnapshotStore,
  ) {}

  async execute({ request, principal }: OperationContext): Promise<S3Response> {
    const { region } = this.snapshots.current;
    const filter = parseFilter(request.query);
    const all = filter.region === undefined || filter.region === region ? await this.buckets.list(principal) : [];
    const matching = all.filter((bucket) => matches(bucket, filter));
    const buckets = matching.slice(0, filter.limit);
    const last = matching.length > buckets.length ? buckets.at(-1) : undefined;
    const body = listBucketsDocument({
      buckets,
      owner: ownerOf(principal),
      region,
      prefix: filter.prefix,
      nextToken: last === undefined ? undefined : encodeContinuationToken(last.name),
    });
    return { status: 200, headers: [], body };
  }
}

interface BucketFilter {
  readonly prefix: string | undefined;
  readonly region: string | undefined;
  /** Only names behind it. */
  readonly after: string;
  readonly limit: number;
}

function parseFilter(query: QueryParameters): BucketFilter {
  const token = query.get('continuation-token');
  return {
    prefix: query.get('prefix'),
    region: query.get('bucket-region'),
    after: token === undefined || token === '' ? '' : decodeContinuationToken(token),
    limit: parseMaxBuckets(query.get('max-buckets')),
  };
}

function parseMaxBuckets(text: string | undefined): number {
  if (text === undefined) return MAX_BUCKETS;
  const limit = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_BUCKETS) return limit;
  throw S3Error.invalidArgument('max-buckets', text, `max-buckets must be an integer between 1 and ${MAX_BUCKETS}`);
}

// Bucket names are ASCII, so UTF-16 order is byte order.
function matches({ name }: ListedBucket, filter: BucketFilter): boolean {
  return name > filter.after && name.startsWith(filter.prefix ?? '');
}
