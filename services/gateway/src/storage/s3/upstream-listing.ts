import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type _Object } from '@aws-sdk/client-s3';
import { S3Error } from '../../errors/s3-error.js';
import { findChecksumAlgorithm } from '../../objects/checksum.js';
import { commonPrefix } from '../../objects/common-prefix.js';
import type { ListQuery, ListingEntry, ObjectListing } from '../../objects/listing.js';
import type { ListedObject } from '../../objects/object-info.js';
import { toByteString } from '../byte-string.js';
import { StorageError } from '../storage-error.js';
import { unquoted } from './object-facts.js';
import type { UpstreamClient } from './upstream-client.js';
import type { UpstreamKeys } from './upstream-keys.js';

/** S3's page. */
const MAX_KEYS = 1000;
/** One after the other: some servers give such pages for versions that were deleted, but none without end. */
export const MAX_EMPTY_PAGES = 1000;
const ENCODED_RUN = /(?:%[0-9A-Fa-f]{2})+/g;
/** Sorts behind whatever a key can go on with. */
const LAST_CHARACTER = '\u{10ffff}';

/** Lists the upstream below a bucket's prefix. */
export class UpstreamListing {
  constructor(
    private readonly client: UpstreamClient,
    private readonly keys: UpstreamKeys,
  ) {}

  async page(query: ListQuery): Promise<ObjectListing> {
    const start = startOf(query);
    if (query.limit === 0 || start === undefined || !this.keys.canHold(query.prefix)) {
      return { entries: [], truncated: false };
    }
    let after = start === '' ? '' : this.keys.prefix + start;
    const tokens = new Set<string>();
    let token: string | undefined;
    for (let pages = 1; ; pages++) {
      const page = await this.ask(query, after, token);
      if (!isListing(page)) throw noListing();
      const entries = this.entriesOf(page, query);
      const truncated = page.IsTruncated === true;
      // Rows that are left out must not make a page that is empty and says that more follows.
      if (entries.length > 0 || !truncated) return { entries, truncated };
      if (pages === MAX_EMPTY_PAGES) throw listingStuck();
      token = page.NextContinuationToken;
      if (token !== undefined) {
        if (tokens.has(token)) throw listingStuck();
        tokens.add(token);
      } else {
        // More follows, but the server does not say how to get there.
        const last = lastOf(page);
        if (toByteString(last) <= toByteString(after)) throw listingStuck();
        after = last;
      }
    }
  }

  /** @param startAfter a key of the upstream */
  private ask(query: ListQuery, startAfter: string, token: string | undefined): Promise<ListObjectsV2CommandOutput> {
    const { prefix } = this.keys;
    const command = (): ListObjectsV2Command =>
      new ListObjectsV2Command({
        Bucket: this.client.options.bucket,
        Prefix: prefix + query.prefix,
        MaxKeys: Math.min(query.limit, MAX_KEYS),
        // XML has no way to write most control characters.
        EncodingType: 'url',
        ...(query.delimiter !== '' && { Delimiter: query.delimiter }),
        ...(token === undefined && startAfter !== '' && { StartAfter: startAfter }),
        ...(token !== undefined && { ContinuationToken: token }),
      });
    return this.client.run(true, () => this.client.calls.send(command()));
  }

  private entriesOf(page: ListObjectsV2CommandOutput, query: ListQuery): ListingEntry[] {
    const decode = decoderOf(page.EncodingType);
    const rows: { readonly sort: string; readonly entry: ListingEntry }[] = [];
    const after = toByteString(query.startAfter);
    const group = commonPrefix(query.startAfter, query);
    for (const row of page.Contents ?? []) {
      const key = this.keys.inner(decode(row.Key));
      if (key === undefined) continue;
      const sort = toByteString(key);
      if (sort > after || query.startAfter === '') {
        rows.push({ sort, entry: { kind: 'object', object: { key, ...describeRow(row) } } });
      } else refuseOtherOrder(key, query.startAfter);
    }
    for (const { Prefix } of page.CommonPrefixes ?? []) {
      const prefix = this.keys.inner(decode(Prefix));
      if (prefix === undefined || prefix === group) continue;
      const sort = toByteString(prefix);
      if (sort > after || query.startAfter === '') rows.push({ sort, entry: { kind: 'prefix', prefix } });
      else refuseOtherOrder(prefix, query.startAfter);
    }
    const sorted = rows.toSorted((one, other) => (one.sort < other.sort ? -1 : 1));
    // Servers over files can come across a key twice while it is being replaced.
    return sorted.filter((row, at) => row.sort !== sorted[at - 1]?.sort).map(({ entry }) => entry);
  }
}

/** Where to begin; undefined where nothing can follow. Some servers take a marker outside the prefix for the end. */
function startOf(query: ListQuery): string | undefined {
  const { prefix, startAfter } = query;
  if (startAfter === '') return '';
  if (!startAfter.startsWith(prefix)) return toByteString(startAfter) < toByteString(prefix) ? '' : undefined;
  const group = commonPrefix(startAfter, query);
  return group === undefined ? startAfter : group + LAST_CHARACTER;
}

/** Behind which name the next page begins; empty where there is none. */
function lastOf({ Contents = [], CommonPrefixes = [], EncodingType }: ListObjectsV2CommandOutput): string {
  const decode = decoderOf(EncodingType);
  const names = [
    ...Contents.map(({ Key }) => decode(Key) ?? ''),
    ...CommonPrefixes.map(({ Prefix }) => (decode(Prefix) ?? '') + LAST_CHARACTER),
  ];
  return names.reduce((last, name) => (toByteString(name) > toByteString(last) ? name : last), '');
}

/** Whether an answer with status 200 is a listing's: a page of something in between would be an empty bucket. */
function isListing({ IsTruncated, Name, Contents, CommonPrefixes }: ListObjectsV2CommandOutput): boolean {
  return [IsTruncated, Name, Contents, CommonPrefixes].some((member) => member !== undefined);
}

/** The error for an answer with status 200 that is no listing's. */
export function noListing(): StorageError {
  return new StorageError('unavailable', 'The upstream does not list as an S3 does: check its endpoint.');
}

/**
 * A server that sorts by UTF-16 has characters beyond U+FFFF before those from U+E000 on. A name that comes behind the marker for it
 * alone would be in no page.
 *
 * @throws S3Error `NotImplemented`
 */
function refuseOtherOrder(name: string, startAfter: string): void {
  // As JavaScript compares strings.
  if (name <= startAfter) return;
  throw new S3Error('NotImplemented', {
    message: 'The S3 behind this bucket does not list keys in the order of their bytes, so not all would be in a page.',
  });
}

/** The error for a listing whose next page is one that was there already: it would go on for ever, or end before its end. */
export function listingStuck(): StorageError {
  return new StorageError('unavailable', 'The upstream S3 does not go on with a listing.');
}

function describeRow(row: _Object): Omit<ListedObject, 'key'> {
  const algorithm = findChecksumAlgorithm(row.ChecksumAlgorithm?.[0] ?? '');
  return {
    size: row.Size ?? 0,
    lastModified: row.LastModified ?? new Date(0),
    etag: unquoted(row.ETag),
    ...(algorithm !== undefined && { checksumAlgorithm: algorithm }),
    ...(row.ChecksumType !== undefined && { checksumType: row.ChecksumType }),
  };
}

/** How names of an answer are read: only a server that says so has encoded them. */
export function decoderOf(encodingType: string | undefined): (name: string | undefined) => string | undefined {
  if (encodingType !== 'url') return (name) => name;
  return (name) => (name === undefined ? undefined : decodeName(name.replaceAll('+', ' ')));
}

/** What is no encoding of text stays as it is: one odd name must not hide all others. */
function decodeName(name: string): string {
  return name.replace(ENCODED_RUN, (run) => {
    try {
      return decodeURIComponent(run);
    } catch {
      return run;
    }
  });
}
