import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  UploadPartCommand,
  type HeadObjectCommandOutput,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { computeChecksum } from '../../checksums/checksum-calculator.js';
import type { S3ErrorCode } from '../../errors/s3-error-codes.js';
import { chunkedHeaders } from './chunked-headers.js';
import { quoted, toChecksum, unquoted } from './object-facts.js';
import { OutgoingBody } from './outgoing-body.js';
import { withHeaders } from './request-headers.js';
import { sweepTrials, TRIAL_CONTENT as CONTENT, TRIAL_PLACES, trialName } from './trial-objects.js';
import type { UpstreamClient } from './upstream-client.js';
import { hasCode, isAway, isDecisive } from './upstream-error.js';

/** What an upstream can do beyond the S3 that every server has. Found out by trying. */
export interface UpstreamTraits {
  /**
   * Every question got an answer that decides it. Else what was not answered counts as not kept, and is asked again soon; of a missing
   * trait nothing is known then.
   */
  readonly settled: boolean;
  /** False where nothing can be written with the storage's keys: then nothing else is known. */
  readonly writable: boolean;
  /** Checksums that are sent with an object are kept, checked and given back. */
  readonly checksums: boolean;
  /** Bodies may come with a trailer. */
  readonly trailers: boolean;
  /** `Content-MD5` is compared with what comes. */
  readonly contentMd5: boolean;
  readonly tagging: boolean;
  /** `If-None-Match: *` of a put is kept. */
  readonly createOnly: boolean;
  /** How `If-Match` of a put takes its entity tag; undefined where it is not kept. */
  readonly ifMatch: 'quoted' | 'bare' | undefined;
  readonly conditionalDelete: boolean;
  readonly conditionalComplete: boolean;
  /** Uploads are listed below a prefix, not only by their whole key. */
  readonly listsUploads: boolean;
}

/** What is assumed of an upstream that nothing can be written to. */
const READ_ONLY: Omit<UpstreamTraits, 'settled'> = {
  writable: false,
  checksums: false,
  trailers: false,
  contentMd5: false,
  tagging: true,
  createOnly: false,
  ifMatch: undefined,
  conditionalDelete: false,
  conditionalComplete: false,
  listsUploads: true,
};

const CRC32 = computeChecksum('CRC32', CONTENT).toString('base64');
const WRONG_MD5 = Buffer.alloc(16).toString('base64');
const WRONG_ETAG = '00000000000000000000000000000000';

/**
 * Tries an upstream, with an object of its own that is removed again.
 *
 * @throws StorageError where it does not answer
 */
export async function findTraits(client: UpstreamClient): Promise<UpstreamTraits> {
  return new Trial(client).run();
}

class Trial {
  private target: { readonly Bucket: string; readonly Key: string };
  private settled = true;

  constructor(private readonly client: UpstreamClient) {
    this.target = this.targetIn(TRIAL_PLACES[0]);
  }

  async run(): Promise<UpstreamTraits> {
    if (!(await this.begins())) return { ...READ_ONLY, settled: this.settled };
    try {
      const { checksums, tagging, etag } = await this.tryAttributes();
      const found = {
        writable: true,
        checksums,
        // Reads that ask for tags which are not kept get none.
        tagging: tagging || !this.settled,
        trailers: checksums && (await this.works(() => this.putWithTrailer())),
        contentMd5: await this.refuses(() => this.put({ ContentMD5: WRONG_MD5 }), 'BadDigest'),
        createOnly: await this.refuses(() => this.put({ IfNoneMatch: '*' })),
        ifMatch: await this.tryIfMatch(etag),
        ...(await this.tryUpload()),
        // Last: a server that does not keep the condition removes the object, and may refuse the same request when it comes again.
        conditionalDelete:
          (await this.refuses(() => this.delete(quoted(WRONG_ETAG)))) && (await this.works(() => this.head())),
      };
      await sweepTrials(this.client);
      return { ...found, settled: this.settled };
    } finally {
      // What was found out holds whether or not it can be removed.
      await this.client.run(true, () => this.delete()).catch(() => undefined);
    }
  }

  /** Puts the object where it may be. */
  private async begins(): Promise<boolean> {
    try {
      await this.client.run(true, () => this.put({}));
      return true;
    } catch (error) {
      if (!hasCode(error, 'UnsupportedKey')) {
        this.judge(error);
        return false;
      }
      this.target = this.targetIn(TRIAL_PLACES[1]);
      return this.works(() => this.put({}));
    }
  }

  private targetIn(place: (typeof TRIAL_PLACES)[number]): Trial['target'] {
    const { bucket, prefix } = this.client.options;
    return { Bucket: bucket, Key: prefix + trialName(place) };
  }

  private async tryAttributes(): Promise<Pick<UpstreamTraits, 'checksums' | 'tagging'> & { etag: string }> {
    const tagged = await this.works(() => this.put({ Tagging: 'a=b' }));
    const summed = await this.works(() => this.put({ ChecksumCRC32: CRC32, ...(tagged && { Tagging: 'a=b' }) }));
    const head = await this.answer(() => this.head());
    const tags = await this.answer(() => this.client.calls.send(new GetObjectTaggingCommand(this.target)));
    return {
      checksums: summed && toChecksum(head ?? {})?.value === CRC32,
      tagging: tagged && tags?.TagSet?.length === 1,
      etag: unquoted(head?.ETag),
    };
  }

  private async tryIfMatch(etag: string): Promise<UpstreamTraits['ifMatch']> {
    if (!(await this.refuses(() => this.put({ IfMatch: quoted(WRONG_ETAG) })))) return undefined;
    if (await this.works(() => this.put({ IfMatch: quoted(etag) }))) return 'quoted';
    // Ceph before Squid compares the tag with the header as it stands.
    return (await this.works(() => this.put({ IfMatch: etag }))) ? 'bare' : undefined;
  }

  private async tryUpload(): Promise<Pick<UpstreamTraits, 'conditionalComplete' | 'listsUploads'>> {
    const { calls } = this.client;
    const upload = await this.answer(() => calls.send(new CreateMultipartUploadCommand(this.target)));
    if (upload?.UploadId === undefined) return { conditionalComplete: false, listsUploads: false };
    const named = { ...this.target, UploadId: upload.UploadId };
    try {
      const part = await this.answer(() =>
        calls.send(new UploadPartCommand({ ...named, PartNumber: 1, Body: CONTENT, ContentLength: CONTENT.length })),
      );
      const parts = { Parts: [{ PartNumber: 1, ETag: part?.ETag ?? '' }] };
      const { Bucket, Key } = this.target;
      const prefix = Key.slice(0, -1);
      const page = await this.answer(() => calls.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix })));
      return {
        listsUploads: page?.Uploads?.some((row) => row.UploadId === upload.UploadId) === true,
        conditionalComplete: await this.refuses(() =>
          calls.send(new CompleteMultipartUploadCommand({ ...named, MultipartUpload: parts, IfNoneMatch: '*' })),
        ),
      };
    } finally {
      await this.client.run(true, () => calls.send(new AbortMultipartUploadCommand(named))).catch(() => undefined);
    }
  }

  private head(): Promise<HeadObjectCommandOutput> {
    const command = withHeaders(new HeadObjectCommand(this.target), (headers) => {
      headers['x-amz-checksum-mode'] = 'ENABLED';
    });
    return this.client.calls.send(command);
  }

  private put(input: Partial<PutObjectCommandInput>): Promise<unknown> {
    return this.client.calls.send(
      new PutObjectCommand({ ...this.target, Body: CONTENT, ContentLength: CONTENT.length, ...input }),
    );
  }

  private async putWithTrailer(): Promise<void> {
    const body = new OutgoingBody(CONTENT.length, 'CRC32');
    const command = new PutObjectCommand({ ...this.target, Body: body, ContentLength: body.wireLength });
    const sending = this.client.calls.send(withHeaders(command, chunkedHeaders(body)));
    sending.catch((error: unknown) => body.fail(error));
    await body.write(CONTENT, this.client.options.idleTimeoutMs).then(
      () => body.finish(CRC32),
      () => undefined,
    );
    await sending;
  }

  private delete(ifMatch?: string): Promise<unknown> {
    return this.client.calls.send(
      new DeleteObjectCommand({ ...this.target, ...(ifMatch !== undefined && { IfMatch: ifMatch }) }),
    );
  }

  private async refuses(request: () => Promise<unknown>, code: S3ErrorCode = 'PreconditionFailed'): Promise<boolean> {
    try {
      await this.client.run(true, request);
      return false;
    } catch (error) {
      this.judge(error);
      return hasCode(error, code);
    }
  }

  private async works(request: () => Promise<unknown>): Promise<boolean> {
    return (await this.answer(async () => ({ answer: await request() }))) !== undefined;
  }

  private async answer<T>(request: () => Promise<T>): Promise<T | undefined> {
    try {
      return await this.client.run(true, request);
    } catch (error) {
      this.judge(error);
      return undefined;
    }
  }

  /** A 500 may be this server's way to refuse what it does not know, or an accident. */
  private judge(error: unknown): void {
    if (isAway(error)) throw error;
    if (!isDecisive(error)) this.settled = false;
  }
}
