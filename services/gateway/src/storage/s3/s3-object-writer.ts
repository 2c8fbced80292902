import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type PutObjectCommandInput,
  type PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import type { ObjectKey } from '../../http/object-key.js';
import type { BodyDigests } from '../../objects/object-body.js';
import type { ObjectAttributes, ObjectInfo } from '../../objects/object-info.js';
import type { PutObject } from '../../objects/object-store.js';
import type { CopyObjectRequest } from '../../objects/storage-copy.js';
import { hasConditions } from '../../objects/write-conditions.js';
import { passableMd5, sendBody, WHOLE_BYTES } from './body-upload.js';
import { chunkedHeaders } from './chunked-headers.js';
import { copySourceOf } from './copy-source-header.js';
import {
  exactHeaders,
  notStored,
  storedETag,
  toChecksum,
  toSdkAttributes,
  toSdkChecksum,
  toTagging,
  unquoted,
} from './object-facts.js';
import { withHeaders } from './request-headers.js';
import { sendUnsized } from './unsized-upload.js';
import { isCompletion } from './upload-completion.js';
import { conditionHeaders, refusalOf, type ConditionHeaders } from './upstream-conditions.js';
import { translateUpstreamError } from './upstream-error.js';
import type { UpstreamPlace } from './upstream-place.js';

/** Finds an object as it is; undefined where there is none. */
export type LookUpObject = (key: ObjectKey) => Promise<ObjectInfo | undefined>;

/** Stores objects upstream. */
export class S3ObjectWriter {
  constructor(
    private readonly place: UpstreamPlace,
    private readonly lookUp: LookUpObject,
  ) {}

  async put(request: PutObject): Promise<ObjectInfo> {
    const { key, conditions, body } = request;
    this.place.target(key);
    // Refused before the body is asked for, where that costs nothing.
    toSdkAttributes(request.attributes);
    const lookUp = (): Promise<ObjectInfo | undefined> => this.lookUp(key);
    const conditional = hasConditions(conditions);
    try {
      const headers = conditional ? await conditionHeaders(conditions, await this.place.traits.get(), lookUp) : {};
      return await (body.length === undefined
        ? this.putUnsized(request, headers)
        : this.putSized(request, body.length, headers));
    } catch (error) {
      throw await refusalOf(translateUpstreamError(error), conditions, lookUp);
    }
  }

  async copy(request: CopyObjectRequest): Promise<ObjectInfo | undefined> {
    const { origin, key, source, attributes, tagging, checksumAlgorithm } = request;
    const { client, traits } = this.place;
    // Few servers keep conditions on a copy's target; a put of the bytes keeps those that the upstream has.
    if (origin.storage !== client.identity || hasConditions(request.conditions)) return undefined;
    const tags = toTagging(attributes.tags);
    const input = {
      ...this.place.target(key),
      ...copySourceOf(origin),
      ...toSdkAttributes(attributes),
      MetadataDirective: 'REPLACE' as const,
      TaggingDirective: tagging,
      ...(tagging === 'REPLACE' && tags !== undefined && { Tagging: tags }),
      ...(checksumAlgorithm !== undefined &&
        (await traits.get()).checksums && { ChecksumAlgorithm: checksumAlgorithm }),
    };
    const command = (): CopyObjectCommand => withHeaders(new CopyObjectCommand(input), exactHeaders(attributes));
    const { CopyObjectResult: result } = await client.run('refused', () => client.uploads.send(command(), client.work));
    const checksum = toChecksum(result ?? {});
    return {
      key,
      size: source.size,
      etag: storedETag(result?.ETag),
      lastModified: result?.LastModified ?? new Date(),
      attributes,
      ...(checksum && { checksum }),
    };
  }

  private async putSized(request: PutObject, length: number, conditions: ConditionHeaders): Promise<ObjectInfo> {
    const { key, attributes, body } = request;
    const { client } = this.place;
    const declared = body.checksum;
    const traits = declared === undefined && length <= WHOLE_BYTES ? undefined : await this.place.traits.get();
    const keeps = traits?.checksums === true;
    const input = { ...this.input(key, attributes), ...conditions };
    const repeatable = Object.keys(conditions).length === 0;
    const known = keeps && declared?.value !== undefined;
    const passedMd5 = passableMd5(traits, body);
    // Without a checksum, some servers take a connection that is cut for the end of the object.
    const trailer =
      keeps && !known && traits.trailers && passedMd5 === undefined ? (declared?.algorithm ?? 'CRC32') : undefined;
    const guarded = known || passedMd5 !== undefined || trailer !== undefined;
    // While it is not known what this one does: half a part is in no object.
    if (length > WHOLE_BYTES && !guarded && !(traits?.settled === true && traits.writable)) {
      return this.putUnsized(request, conditions);
    }
    const { answer, digests } = await sendBody<PutObjectCommandOutput>(body, length, {
      idleTimeoutMs: client.options.idleTimeoutMs,
      trailer,
      passesMd5: passedMd5 !== undefined,
      whole: async (bytes, found) =>
        this.putWhole({ ...input, ...(await this.checksumOf(found)) }, attributes, bytes, found.md5, repeatable),
      streamed: (outgoing, abortSignal) => {
        const value = known ? { algorithm: declared.algorithm, value: declared.value } : undefined;
        const command = withHeaders(
          new PutObjectCommand({
            ...input,
            ...(outgoing.trailer === undefined && toSdkChecksum(value)),
            ...(passedMd5 !== undefined && { ContentMD5: passedMd5 }),
            Body: outgoing,
            ContentLength: outgoing.wireLength,
          }),
          (headers) => {
            exactHeaders(attributes)(headers);
            chunkedHeaders(outgoing)(headers);
          },
        );
        return client.run(false, () => client.uploads.send(command, { abortSignal }));
      },
    });
    return this.stored(request, storedETag(answer.ETag), digests.size, digests);
  }

  private putWhole(
    input: PutObjectCommandInput,
    attributes: ObjectAttributes,
    bytes: Buffer,
    md5: string,
    repeatable: boolean,
  ): Promise<PutObjectCommandOutput> {
    const { client } = this.place;
    const ContentMD5 = Buffer.from(md5, 'hex').toString('base64');
    const command = (): PutObjectCommand =>
      withHeaders(
        new PutObjectCommand({ ...input, Body: bytes, ContentLength: bytes.length, ContentMD5 }),
        exactHeaders(attributes),
      );
    return client.run(repeatable, () => client.calls.send(command()));
  }

  private async checksumOf({ checksum }: BodyDigests): Promise<ReturnType<typeof toSdkChecksum>> {
    return checksum !== undefined && (await this.place.traits.get()).checksums ? toSdkChecksum(checksum) : {};
  }

  private async putUnsized(request: PutObject, conditions: ConditionHeaders): Promise<ObjectInfo> {
    const { key, attributes, body } = request;
    const { client } = this.place;
    const input = this.input(key, attributes);
    const target = this.place.target(key);
    const parts: CompletedPart[] = [];
    let UploadId = '';
    const { answer: etag, size } = await sendUnsized<string>(body, {
      whole: async (bytes, md5) => {
        const { ETag } = await this.putWhole({ ...input, ...conditions }, attributes, bytes, md5, false);
        return storedETag(ETag);
      },
      begin: async () => {
        const command = withHeaders(new CreateMultipartUploadCommand(input), exactHeaders(attributes));
        ({ UploadId = '' } = await client.run(false, () => client.calls.send(command)));
        // Without one, a part would be put as the object, and an upload that is given up would delete it.
        if (UploadId === '') throw notStored();
      },
      part: async (PartNumber, bytes) => {
        const part = { ...target, UploadId, PartNumber, Body: bytes, ContentLength: bytes.length };
        const { ETag } = await client.run(true, () => client.calls.send(new UploadPartCommand(part)));
        storedETag(ETag);
        parts.push({ PartNumber, ETag });
      },
      complete: async () => {
        const whole = { ...target, ...conditions, UploadId, MultipartUpload: { Parts: parts } };
        const answer = await client.run(false, () =>
          client.uploads.send(new CompleteMultipartUploadCommand(whole), client.work),
        );
        if (!isCompletion(answer)) throw notStored();
        return unquoted(answer.ETag) || ((await this.lookUp(key))?.etag ?? '');
      },
      abort: async () => {
        const aborted = { ...target, UploadId };
        await client
          .run(true, () => client.calls.send(new AbortMultipartUploadCommand(aborted)))
          .catch(() => undefined);
      },
    });
    return this.stored(request, etag, size);
  }

  private input(key: ObjectKey, attributes: ObjectAttributes): PutObjectCommandInput {
    const Tagging = toTagging(attributes.tags);
    return {
      ...this.place.target(key),
      ...toSdkAttributes(attributes),
      ...(Tagging !== undefined && { Tagging }),
    };
  }

  private stored({ key, attributes }: PutObject, etag: string, size: number, digests?: BodyDigests): ObjectInfo {
    const keeps = this.place.traits.known?.checksums === true;
    return {
      key,
      size,
      etag,
      lastModified: new Date(),
      attributes,
      ...(keeps && digests?.checksum && { checksum: digests.checksum }),
    };
  }
}
