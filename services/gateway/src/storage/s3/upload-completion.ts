import { setTimeout as pause } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandOutput,
  type CompletedPart as SdkPart,
} from '@aws-sdk/client-s3';
import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { CompletedPart, CompleteUpload } from '../../objects/multipart-store.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { hasConditions } from '../../objects/write-conditions.js';
import { multipartETag } from './multipart-etag.js';
import { notStored, quoted, toSdkChecksum, unquoted } from './object-facts.js';
import type { LookUpObject } from './s3-object-writer.js';
import { conditionHeaders, refusalOf, requireTrait, type ConditionHeaders } from './upstream-conditions.js';
import { hasCode, isServerFailure, mayBeUnderWay, translateUpstreamError } from './upstream-error.js';
import type { UpstreamPlace } from './upstream-place.js';

const FIRST_PAUSE_MS = 200;

/** Completes multipart uploads, once, however often and by however many it is asked for. */
export class UploadCompletion {
  /** @param find fails with `NoSuchUpload` where there is none */
  constructor(
    private readonly place: UpstreamPlace,
    private readonly lookUp: LookUpObject,
    private readonly find: (key: ObjectKey, uploadId: string) => Promise<unknown>,
  ) {}

  /** @throws S3Error and StorageError; `NotImplemented` for what the upstream would not verify */
  async run(request: CompleteUpload): Promise<ObjectInfo> {
    const { key, conditions } = request;
    const { client, traits } = this.place;
    const known = await traits.get();
    if (request.expectedChecksum !== undefined) requireTrait(known, known.checksums, 'x-amz-checksum-*');
    const lookUp = (): Promise<ObjectInfo | undefined> => this.lookUp(key);
    const conditional = hasConditions(conditions);
    if (conditional) requireTrait(known, known.conditionalComplete, 'If-Match, If-None-Match');
    for (let attempt = 0; ; attempt++) {
      try {
        const headers = conditional ? await conditionHeaders(conditions, known, lookUp) : {};
        await this.send(request, headers, known.checksums);
        break;
      } catch (cause) {
        const error = translateUpstreamError(cause);
        const outcome = await this.outcomeOf(request, error);
        if (outcome === 'made') break;
        if (outcome === 'gone') throw new S3Error('NoSuchUpload', { details: { UploadId: request.uploadId }, cause });
        if (outcome === 'failed' || attempt >= client.options.retries) throw await refusalOf(error, conditions, lookUp);
        await pause(FIRST_PAUSE_MS * 2 ** attempt);
      }
    }
    const info = await this.lookTwice(key);
    if (info === undefined) throw new S3Error('NoSuchKey', { details: { Key: key } });
    return info;
  }

  private async send(request: CompleteUpload, conditions: ConditionHeaders, checksums: boolean): Promise<void> {
    const { key, uploadId, parts, expectedSize, expectedChecksum, checksumType } = request;
    const { client } = this.place;
    const command = new CompleteMultipartUploadCommand({
      ...this.place.target(key),
      ...conditions,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts.map((part) => toSdkPart(part, checksums)) },
      ...(expectedSize !== undefined && { MpuObjectSize: expectedSize }),
      ...(checksums && toSdkChecksum(expectedChecksum)),
      ...(checksums && checksumType !== undefined && { ChecksumType: checksumType }),
    });
    const answer = await client.run(false, () => client.uploads.send(command, client.work));
    // Whatever the answer is: what is there now can prove that it was done.
    if (!isCompletion(answer) && ((await this.isThere(request)) || !(await this.isMade(request)))) throw notStored();
  }

  /**
   * What a completion that failed has come to. Another one of the same parts may have made the object already (a client that did
   * not get its answer asks again), or be about to: Ceph answers 500 then. An upload that is still there has made nothing, also where
   * the object's bytes are the same: they may be those of before.
   */
  private async outcomeOf(request: CompleteUpload, error: unknown): Promise<'made' | 'gone' | 'failed' | 'unsettled'> {
    const unsettled = isServerFailure(error);
    if (!unsettled && !hasCode(error, 'NoSuchUpload')) return 'failed';
    if (unsettled && (await this.isThere(request))) return mayBeUnderWay(error) ? 'failed' : 'unsettled';
    if (await this.isMade(request)) return 'made';
    // Ceph answers 500 also where the upload has ended otherwise.
    return unsettled && !mayBeUnderWay(error) ? 'gone' : 'failed';
  }

  private async isThere({ key, uploadId }: CompleteUpload): Promise<boolean> {
    try {
      await this.find(key, uploadId);
      return true;
    } catch (error) {
      if (hasCode(error, 'NoSuchUpload')) return false;
      throw error;
    }
  }

  /** versitygw has nothing under the key for a moment, while another completion of the same upload ends. */
  private async lookTwice(key: ObjectKey): Promise<ObjectInfo | undefined> {
    const info = await this.lookUp(key);
    if (info !== undefined) return info;
    await pause(FIRST_PAUSE_MS);
    return this.lookUp(key);
  }

  private async isMade({ key, parts }: CompleteUpload): Promise<boolean> {
    const current = await this.lookTwice(key);
    return current !== undefined && current.etag === multipartETag(parts.map((part) => part.etag));
  }
}

/**
 * Whether an answer with status 200 is a completion's. The status comes first on a server that takes its time, and an error after
 * it. Some servers' first answer has no entity tag, but it names the object.
 */
export function isCompletion({ ETag, Bucket, Key }: CompleteMultipartUploadCommandOutput): boolean {
  // Errors name either of the two, too.
  return unquoted(ETag) !== '' || (Bucket !== undefined && Key !== undefined);
}

function toSdkPart({ number, etag, checksum }: CompletedPart, checksums: boolean): SdkPart {
  return { PartNumber: number, ETag: quoted(etag), ...(checksums && toSdkChecksum(checksum)) };
}
