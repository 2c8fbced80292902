import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListPartsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type ListPartsCommandOutput,
  type UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { LRUCache } from 'lru-cache';
import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import { findChecksumAlgorithm } from '../../objects/checksum.js';
import type {
  CompleteUpload,
  MultipartStore,
  NewUpload,
  PartInfo,
  PartsPage,
  UploadInfo,
  UploadsPage,
  UploadsQuery,
} from '../../objects/multipart-store.js';
import type { ObjectBody } from '../../objects/object-body.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import type { CopyPartRequest } from '../../objects/storage-copy.js';
import { toS3Error } from '../../objects/to-s3-error.js';
import { passableMd5, sendBody } from './body-upload.js';
import { chunkedHeaders } from './chunked-headers.js';
import { copySourceOf } from './copy-source-header.js';
import {
  exactHeaders,
  storedETag,
  toChecksum,
  toSdkAttributes,
  toSdkChecksum,
  toTagging,
  unquoted,
} from './object-facts.js';
import { withHeaders } from './request-headers.js';
import type { LookUpObject } from './s3-object-writer.js';
import { UploadCompletion } from './upload-completion.js';
import { requireSettled } from './upstream-conditions.js';
import { hasCode, translateUpstreamError } from './upstream-error.js';
import type { UpstreamPlace, UpstreamTarget } from './upstream-place.js';
import { UploadListing } from './upload-listing.js';

/** S3's page of parts. */
const MAX_PARTS = 1000;
/** Uploads whose checksum is remembered. */
const MAX_KNOWN = 1000;
/** As the operations take them: one that is a path is one to some servers. */
const UPLOAD_ID = /^(?!\.+$)[A-Za-z0-9._~=+-]{1,512}$/;
const NO_ATTRIBUTES = { headers: {}, metadata: {}, tags: [] };

type Recalled = Pick<UploadInfo, 'checksumAlgorithm'>;
type Named = UpstreamTarget & { readonly UploadId: string };

/** Multipart uploads of one bucket as uploads of the upstream, ids and all. */
export class S3MultipartStore implements MultipartStore {
  private readonly known = new LRUCache<string, Recalled>({ max: MAX_KNOWN });
  private readonly listing: UploadListing;
  private readonly completion: UploadCompletion;

  constructor(
    private readonly place: UpstreamPlace,
    lookUp: LookUpObject,
  ) {
    this.completion = new UploadCompletion(place, lookUp, (key, uploadId) => this.get(key, uploadId));
    this.listing = new UploadListing(place.client, place.keys);
  }

  async create(upload: NewUpload): Promise<UploadInfo> {
    return this.call('createUpload', async () => {
      const { key, attributes, checksumAlgorithm, checksumType, ...rest } = upload;
      const { client, traits } = this.place;
      const Tagging = toTagging(attributes.tags);
      const keeps = checksumAlgorithm !== undefined && (await traits.get()).checksums;
      const command = new CreateMultipartUploadCommand({
        ...this.place.target(key),
        ...toSdkAttributes(attributes),
        ...(Tagging !== undefined && { Tagging }),
        ...(keeps && { ChecksumAlgorithm: checksumAlgorithm }),
        ...(keeps && checksumType !== undefined && { ChecksumType: checksumType }),
      });
      const { UploadId } = await client.run(false, () =>
        client.calls.send(withHeaders(command, exactHeaders(attributes))),
      );
      if (UploadId === undefined)
        throw new S3Error('InternalError', { cause: new Error('The upstream gave no upload id.') });
      const kept = keeps ? { checksumAlgorithm, ...(checksumType !== undefined && { checksumType }) } : {};
      this.known.set(UploadId, kept);
      return { ...rest, key, attributes, ...kept, uploadId: UploadId, initiated: new Date() };
    });
  }

  async get(key: ObjectKey, uploadId: string): Promise<UploadInfo> {
    return (await this.listParts(key, uploadId, 0, 1)).upload;
  }

  async recall(key: ObjectKey, uploadId: string): Promise<Recalled> {
    return this.known.get(uploadId) ?? this.get(key, uploadId);
  }

  async putPart(key: ObjectKey, uploadId: string, number: number, body: ObjectBody): Promise<PartInfo> {
    return this.callUpload('putPart', uploadId, async () => {
      const named = this.named(key, uploadId);
      if (body.length === undefined) throw new S3Error('MissingContentLength');
      const { client } = this.place;
      const declared = body.checksum;
      const needed = declared !== undefined || body.claimedMd5 !== undefined;
      const traits = needed ? await this.place.traits.get() : undefined;
      const keeps = traits?.checksums === true;
      const known = keeps && declared?.value !== undefined;
      const passedMd5 = passableMd5(traits, body);
      const part = { ...named, PartNumber: number };
      const { answer, digests } = await sendBody<UploadPartCommandOutput>(body, body.length, {
        idleTimeoutMs: client.options.idleTimeoutMs,
        trailer: keeps && !known && traits.trailers ? declared?.algorithm : undefined,
        passesMd5: passedMd5 !== undefined,
        whole: (bytes, { md5, checksum }) => {
          const input = {
            ...part,
            ...(keeps && toSdkChecksum(checksum)),
            Body: bytes,
            ContentLength: bytes.length,
            ContentMD5: Buffer.from(md5, 'hex').toString('base64'),
          };
          return client.run(true, () => client.calls.send(new UploadPartCommand(input)));
        },
        streamed: (outgoing, abortSignal) => {
          const value = known ? { algorithm: declared.algorithm, value: declared.value } : undefined;
          const command = withHeaders(
            new UploadPartCommand({
              ...part,
              ...(outgoing.trailer === undefined && toSdkChecksum(value)),
              ...(passedMd5 !== undefined && { ContentMD5: passedMd5 }),
              Body: outgoing,
              ContentLength: outgoing.wireLength,
            }),
            chunkedHeaders(outgoing),
          );
          return client.run(false, () => client.uploads.send(command, { abortSignal }));
        },
      });
      const { size, checksum } = digests;
      return {
        number,
        size,
        etag: storedETag(answer.ETag),
        lastModified: new Date(),
        ...(keeps && checksum && { checksum }),
      };
    });
  }

  async copyPart(request: CopyPartRequest): Promise<PartInfo | undefined> {
    const { key, uploadId, number, origin, source, range } = request;
    const { client } = this.place;
    if (origin.storage !== client.identity) return undefined;
    return this.call('copyPart', async () => {
      const input = {
        ...this.named(key, uploadId),
        ...copySourceOf(origin),
        PartNumber: number,
        ...(range && { CopySourceRange: `bytes=${range.start}-${range.end - 1}` }),
      };
      const { CopyPartResult: result } = await client.run('refused', () =>
        client.uploads.send(new UploadPartCopyCommand(input), client.work),
      );
      const checksum = toChecksum(result ?? {});
      return {
        number,
        size: range ? range.end - range.start : source.size,
        etag: storedETag(result?.ETag),
        lastModified: result?.LastModified ?? new Date(),
        ...(checksum && { checksum }),
      };
    });
  }

  async complete(request: CompleteUpload): Promise<ObjectInfo> {
    return this.call('completeUpload', async () => {
      this.named(request.key, request.uploadId);
      const info = await this.completion.run(request);
      this.known.delete(request.uploadId);
      return info;
    });
  }

  async abort(key: ObjectKey, uploadId: string): Promise<void> {
    return this.callUpload('abortUpload', uploadId, async () => {
      const named = this.named(key, uploadId);
      this.known.delete(uploadId);
      // Not every server says that there is no such upload.
      await this.get(key, uploadId);
      const { client } = this.place;
      await client.run(false, () => client.calls.send(new AbortMultipartUploadCommand(named)));
    });
  }

  async listParts(key: ObjectKey, uploadId: string, marker: number, limit: number): Promise<PartsPage> {
    return this.callUpload('listParts', uploadId, async () => {
      const input = {
        ...this.named(key, uploadId),
        MaxParts: Math.min(limit, MAX_PARTS),
        ...(marker > 0 && { PartNumberMarker: String(marker) }),
      };
      const { client } = this.place;
      const page = await client.run(true, () => client.calls.send(new ListPartsCommand(input)));
      const upload = describeUpload(key, uploadId, page);
      const { checksumAlgorithm } = upload;
      this.known.set(uploadId, { ...(checksumAlgorithm !== undefined && { checksumAlgorithm }) });
      const parts = (page.Parts ?? []).map((part): PartInfo => {
        const checksum = toChecksum(part);
        return {
          number: part.PartNumber ?? 0,
          size: part.Size ?? 0,
          etag: unquoted(part.ETag),
          lastModified: part.LastModified ?? new Date(0),
          ...(checksum && { checksum }),
        };
      });
      return { upload, parts, truncated: page.IsTruncated === true };
    });
  }

  async listUploads(query: UploadsQuery): Promise<UploadsPage> {
    return this.call('listUploads', async () => {
      const traits = await this.place.traits.get();
      if (!traits.listsUploads) {
        requireSettled(traits, 'a list of multipart uploads');
        throw new S3Error('NotImplemented', { message: 'The S3 behind this bucket does not list multipart uploads.' });
      }
      return this.listing.page(query);
    });
  }

  /** @throws S3Error `NoSuchUpload` for what no upload's id can be */
  private named(key: ObjectKey, uploadId: string): Named {
    const target = this.place.target(key);
    if (!UPLOAD_ID.test(uploadId)) throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
    return { ...target, UploadId: uploadId };
  }

  private async callUpload<T>(name: string, uploadId: string, action: () => Promise<T>): Promise<T> {
    try {
      return await this.call(name, action);
    } catch (error) {
      // Not every server tells the upload from its key.
      if (!hasCode(error, 'NoSuchKey')) throw error;
      throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId }, cause: error });
    }
  }

  private async call<T>(name: string, action: () => Promise<T>): Promise<T> {
    try {
      return await this.place.calls.timed(name, action);
    } catch (error) {
      throw toS3Error(translateUpstreamError(error));
    }
  }
}

/** What ListParts tells of an upload. Who began it is, to the upstream, always this storage; when, it does not say. */
function describeUpload(key: ObjectKey, uploadId: string, page: ListPartsCommandOutput): UploadInfo {
  const algorithm = findChecksumAlgorithm(page.ChecksumAlgorithm ?? '');
  const { StorageClass, ChecksumType } = page;
  const headers =
    StorageClass === undefined || StorageClass === 'STANDARD' ? {} : { 'x-amz-storage-class': StorageClass };
  return {
    key,
    uploadId,
    initiator: '',
    initiated: new Date(0),
    attributes: { ...NO_ATTRIBUTES, headers },
    ...(algorithm !== undefined && { checksumAlgorithm: algorithm }),
    ...(ChecksumType !== undefined && { checksumType: ChecksumType }),
  };
}
