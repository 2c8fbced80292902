import { ListMultipartUploadsCommand, type ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { findChecksumAlgorithm } from '../../objects/checksum.js';
import type { UploadInfo, UploadsPage, UploadsQuery } from '../../objects/multipart-store.js';
import { pageOfUploads } from '../../objects/uploads-page.js';
import { StorageError } from '../storage-error.js';
import type { UpstreamClient } from './upstream-client.js';
import type { UpstreamKeys } from './upstream-keys.js';
import { decoderOf, listingStuck, MAX_EMPTY_PAGES, noListing } from './upstream-listing.js';

const ENCODED = /^(?:[A-Za-z0-9._~!*'()/+-]|%[0-9A-Fa-f]{2})*$/;

/** Under way at once below a prefix. More would not fit in memory beside everything else. */
const MAX_UPLOADS = 100_000;

interface Markers {
  readonly KeyMarker?: string;
  readonly UploadIdMarker?: string;
}

/**
 * Lists the uploads of the upstream below a bucket's prefix. They are read whole, and grouped and cut into pages here: servers
 * differ in their order, forget common prefixes, and refuse their own markers; and uploads under way are few.
 */
export class UploadListing {
  constructor(
    private readonly client: UpstreamClient,
    private readonly keys: UpstreamKeys,
  ) {}

  async page(query: UploadsQuery): Promise<UploadsPage> {
    return pageOfUploads(this.keys.canHold(query.prefix) ? await this.all(query.prefix) : [], query);
  }

  private async all(prefix: string): Promise<UploadInfo[]> {
    const uploads: UploadInfo[] = [];
    const places = new Set<string>();
    let markers: Markers = {};
    for (let empty = 0; ;) {
      const page = await this.ask(prefix, markers);
      if (!isListing(page)) throw noListing();
      const decode = decoderOfUploads(page);
      uploads.push(...this.uploadsOf(page, decode));
      if (page.IsTruncated !== true) return uploads;
      empty = page.Uploads === undefined ? empty + 1 : 0;
      if (empty === MAX_EMPTY_PAGES) throw listingStuck();
      if (uploads.length > MAX_UPLOADS) throw tooMany();
      const { KeyMarker, UploadIdMarker } = nextMarkers(page, decode);
      // Without a row, nothing says where it goes on.
      if (KeyMarker === undefined) throw listingStuck();
      const place = `${KeyMarker}\0${UploadIdMarker ?? ''}`;
      if (places.has(place)) throw listingStuck();
      places.add(place);
      markers = { KeyMarker, ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
    }
  }

  private ask(prefix: string, markers: Markers): Promise<ListMultipartUploadsCommandOutput> {
    const { bucket } = this.client.options;
    const input = { Bucket: bucket, Prefix: this.keys.prefix + prefix, EncodingType: 'url' as const, ...markers };
    return this.client.run(true, () => this.client.calls.send(new ListMultipartUploadsCommand(input)));
  }

  private uploadsOf(page: ListMultipartUploadsCommandOutput, decode: ReturnType<typeof decoderOf>): UploadInfo[] {
    return (page.Uploads ?? []).flatMap((row) => {
      const key = this.keys.inner(decode(row.Key));
      if (key === undefined || row.UploadId === undefined) return [];
      const algorithm = findChecksumAlgorithm(row.ChecksumAlgorithm ?? '');
      return {
        key,
        uploadId: row.UploadId,
        initiated: row.Initiated ?? new Date(0),
        // To the upstream it is always this storage.
        initiator: '',
        attributes: { headers: {}, metadata: {}, tags: [] },
        ...(algorithm !== undefined && { checksumAlgorithm: algorithm }),
        ...(row.ChecksumType !== undefined && { checksumType: row.ChecksumType }),
      };
    });
  }
}

/** Whether an answer with status 200 is a listing's: a page of something in between would say that there are no uploads. */
function isListing({ IsTruncated, Bucket, Uploads }: ListMultipartUploadsCommandOutput): boolean {
  return [IsTruncated, Bucket, Uploads].some((member) => member !== undefined);
}

function tooMany(): StorageError {
  return new StorageError(
    'unavailable',
    `The upstream S3 has more than ${MAX_UPLOADS} uploads below one prefix: abort old ones there, or list by a longer prefix.`,
  );
}

/** Where the next page begins: as the server says, else behind the last row. */
function nextMarkers(page: ListMultipartUploadsCommandOutput, decode: ReturnType<typeof decoderOf>): Partial<Markers> {
  const last = page.Uploads?.at(-1);
  const said = page.NextKeyMarker !== undefined && page.NextKeyMarker !== '';
  const KeyMarker = decode(said ? page.NextKeyMarker : last?.Key);
  const UploadIdMarker = said ? page.NextUploadIdMarker : last?.UploadId;
  return { ...(KeyMarker !== undefined && { KeyMarker }), ...(UploadIdMarker !== undefined && { UploadIdMarker }) };
}

/** Ceph encodes the names of this listing as it was asked to, and does not say so. */
function decoderOfUploads(page: ListMultipartUploadsCommandOutput): ReturnType<typeof decoderOf> {
  const names = (page.Uploads ?? []).map(({ Key = '' }) => Key);
  const silent =
    page.EncodingType === undefined &&
    names.some((name) => name.includes('%')) &&
    names.every((name) => ENCODED.test(name));
  return decoderOf(silent ? 'url' : page.EncodingType);
}
