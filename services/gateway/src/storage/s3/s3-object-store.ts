import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  PutObjectTaggingCommand,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { S3Error } from '../../errors/s3-error.js';
import type { ObjectKey } from '../../http/object-key.js';
import type { ByteRange } from '../../objects/byte-range.js';
import type { WriteConditions } from '../../objects/conditions.js';
import { NOT_AHEAD, type ListQuery, type ObjectListing } from '../../objects/listing.js';
import type { ObjectInfo, Tag } from '../../objects/object-info.js';
import type { ObjectStore, OpenObject, PutObject, StoreCapabilities } from '../../objects/object-store.js';
import { NO_BYTES, type ReadIntent } from '../../objects/read-intent.js';
import type { CopyObjectRequest, CopyOrigin } from '../../objects/storage-copy.js';
import { toS3Error } from '../../objects/to-s3-error.js';
import { checkDeleteConditions, hasConditions } from '../../objects/write-conditions.js';
import { lengthOf, quoted, sizeOf, toObjectInfo, unquoted, type SdkFacts } from './object-facts.js';
import { partsOf } from './object-parts.js';
import { presignRead } from './presigned-read.js';
import { withHeaders } from './request-headers.js';
import { S3MultipartStore } from './s3-multipart-store.js';
import { S3ObjectWriter } from './s3-object-writer.js';
import { requireTrait } from './upstream-conditions.js';
import { hasCode, isUnexplainedRefusal } from './upstream-error.js';
import { UpstreamListing } from './upstream-listing.js';
import type { UpstreamPlace } from './upstream-place.js';
import { dispose, DRAIN_BYTES, replacedMeanwhile, UpstreamReader, type GivenRange } from './upstream-reader.js';

const SINGLE_RANGE = /^bytes=\s*(?:\d+-\d*|-\d+)\s*$/i;

/** Objects of one bucket as objects of an upstream S3, below a prefix of its bucket. Nothing of them is kept here. */
export class S3ObjectStore implements ObjectStore {
  readonly multipart: S3MultipartStore;
  private readonly writer: S3ObjectWriter;
  private readonly listing: UpstreamListing;

  constructor(private readonly place: UpstreamPlace) {
    this.writer = new S3ObjectWriter(place, (key) => this.lookUp(key));
    this.multipart = new S3MultipartStore(place, (key) => this.lookUp(key));
    this.listing = new UpstreamListing(place.client, place.keys);
  }

  /** Until the upstream was tried, what S3 has is assumed; what a request needs then is found out before it is answered. */
  get capabilities(): StoreCapabilities {
    const known = this.place.traits.known;
    if (known === undefined) return { conditionalWrites: true, tagging: true, multipart: true, checksums: true };
    const { tagging, checksums } = known;
    // Which conditions are kept differs from request to request; the writer refuses those that are not.
    return { conditionalWrites: true, tagging, multipart: true, checksums };
  }

  async head(key: ObjectKey, intent: ReadIntent = {}): Promise<ObjectInfo> {
    return this.call('head', async () => this.describe(key, await this.headUpstream(key), intent));
  }

  async open(key: ObjectKey, intent: ReadIntent = {}): Promise<OpenObject> {
    return this.call('open', async () => {
      if (intent.bytes === NO_BYTES || typeof intent.parts === 'number') return this.openHead(key, intent);
      return this.openRead(key, intent);
    });
  }

  async put(request: PutObject): Promise<ObjectInfo> {
    return this.call('put', () => this.writer.put(request));
  }

  async copy(request: CopyObjectRequest): Promise<ObjectInfo | undefined> {
    return this.call('copy', () => this.writer.copy(request));
  }

  async delete(key: ObjectKey, conditions: WriteConditions): Promise<void> {
    return this.call('delete', async () => {
      const target = this.place.target(key);
      const { client } = this.place;
      if (!hasConditions(conditions)) {
        try {
          await client.run(true, () => client.calls.send(new DeleteObjectCommand(target)));
        } catch (error) {
          // A folder of a server over files, where no object is: as good as deleted.
          if (!hasCode(error, 'ExistingObjectIsDirectory') || (await this.lookUp(key))) throw error;
        }
        return;
      }
      const traits = await this.place.traits.get();
      requireTrait(traits, traits.conditionalDelete, 'If-Match');
      const current = await this.lookUp(key);
      checkDeleteConditions(conditions, current);
      if (current === undefined) return;
      try {
        const command = (): DeleteObjectCommand =>
          new DeleteObjectCommand({ ...target, IfMatch: quoted(current.etag) });
        await client.run(false, () => client.calls.send(command()));
      } catch (error) {
        if (!hasCode(error, 'NoSuchKey')) throw error;
      }
    });
  }

  async list(query: ListQuery): Promise<ObjectListing> {
    if (query.ahead) return NOT_AHEAD;
    return this.call('list', () => this.listing.page(query));
  }

  async putTags(key: ObjectKey, tags: readonly Tag[]): Promise<void> {
    return this.call('putTags', async () => {
      const target = this.place.targetToRead(key);
      const { client } = this.place;
      await client.run(true, async () => {
        if (tags.length === 0) {
          // Not every server says that there is no such object.
          await client.calls.send(new HeadObjectCommand(target));
          await client.calls.send(new DeleteObjectTaggingCommand(target));
        } else {
          const TagSet = tags.map((tag) => ({ Key: tag.key, Value: tag.value }));
          await client.calls.send(new PutObjectTaggingCommand({ ...target, Tagging: { TagSet } }));
        }
      });
    });
  }

  async redirectTo(key: ObjectKey, overrides: ReadonlyMap<string, string>): Promise<string | undefined> {
    if (!this.place.client.options.redirectReads) return undefined;
    return this.call('redirect', () => presignRead(this.place.client, this.place.targetToRead(key), overrides));
  }

  /** The object as it is; undefined where there is none. */
  private async lookUp(key: ObjectKey): Promise<ObjectInfo | undefined> {
    try {
      const facts = await this.headUpstream(key);
      return toObjectInfo(key, facts, sizeOf(facts));
    } catch (error) {
      if (hasCode(error, 'NoSuchKey')) return undefined;
      throw error;
    }
  }

  private async openHead(key: ObjectKey, intent: ReadIntent): Promise<OpenObject> {
    const info = await this.describe(key, await this.headUpstream(key), intent);
    return {
      info,
      origin: this.origin(key, info.etag),
      read: (range) => this.call('read', () => this.read(key, info.etag, range)),
      close: () => undefined,
    };
  }

  /** One request for facts and bytes: what is pinned is the answer itself. */
  private async openRead(key: ObjectKey, intent: ReadIntent): Promise<OpenObject> {
    const asked = singleRange(intent.bytes);
    let answer: GetObjectCommandOutput;
    try {
      answer = await this.getUpstream(key, asked);
    } catch (error) {
      // What is wrong with the range is said with the object's size.
      if (hasCode(error, 'InvalidRange')) return this.openHead(key, intent);
      throw error;
    }
    const stream = answer.Body as Readable;
    let given: ByteRange;
    let info: ObjectInfo;
    try {
      given = rangeOf(answer);
      info = await this.describe(key, answer, intent);
    } catch (error) {
      this.drop(stream, Infinity);
      throw error;
    }
    const drop = (): void => this.drop(stream, given.end - given.start);
    return {
      info,
      origin: this.origin(key, info.etag),
      read: (range) => {
        const ahead = range.start - given.start;
        // The server that gives the whole for a range would do so again.
        const skips = ahead <= DRAIN_BYTES || (asked !== undefined && answer.ContentRange === undefined);
        if (ahead >= 0 && range.end <= given.end && skips) {
          return this.reader(key, info.etag, range, { stream, given });
        }
        drop();
        return this.call('read', () => this.read(key, info.etag, range));
      },
      close: drop,
    };
  }

  private drop(stream: Readable, left: number): void {
    dispose(stream, left, this.place.client.options.idleTimeoutMs);
  }

  private async read(key: ObjectKey, etag: string, range: ByteRange): Promise<UpstreamReader> {
    return this.reader(key, etag, range, await this.openRange(key, etag, range));
  }

  private reader(key: ObjectKey, etag: string, range: ByteRange, first: GivenRange): UpstreamReader {
    const { retries, idleTimeoutMs } = this.place.client.options;
    const openRange = (rest: ByteRange): Promise<GivenRange> =>
      this.call('read', () => this.openRange(key, etag, rest));
    return new UpstreamReader(first, { range, openRange, retries, idleTimeoutMs });
  }

  /** The bytes of a range of one version. @throws S3Error `SlowDown` where it was replaced */
  private async openRange(key: ObjectKey, etag: string, range: ByteRange): Promise<GivenRange> {
    const { start, end } = range;
    if (start === end) return { stream: Readable.from([]), given: range };
    try {
      const answer = await this.getVersion(key, `bytes=${start}-${end - 1}`, etag);
      const stream = answer.Body as Readable;
      try {
        const given = rangeOf(answer);
        if (unquoted(answer.ETag) === etag && given.start <= start && given.end >= end) return { stream, given };
        throw new S3Error('PreconditionFailed');
      } catch (error) {
        this.drop(stream, Infinity);
        throw error;
      }
    } catch (error) {
      throw hasCode(error, 'PreconditionFailed', 'NoSuchKey', 'InvalidRange') ? replacedMeanwhile(error) : error;
    }
  }

  /** The answer's own entity tag says whether it is of the version: a weak one matches no If-Match (RFC 9110, 13.1.1). */
  private async getVersion(key: ObjectKey, range: string, etag: string): Promise<GetObjectCommandOutput> {
    try {
      return await this.getUpstream(key, range, etag);
    } catch (error) {
      if (!hasCode(error, 'PreconditionFailed')) throw error;
      return this.getUpstream(key, range);
    }
  }

  private async describe(key: ObjectKey, facts: SdkFacts, intent: ReadIntent): Promise<ObjectInfo> {
    const info = toObjectInfo(key, facts, sizeOf(facts), await this.tagsOf(key, facts, intent));
    return intent.parts === 'none' ? info : { ...info, ...(await partsOf(this.place, info, intent.parts)) };
  }

  private async tagsOf(key: ObjectKey, facts: SdkFacts, { tags }: ReadIntent): Promise<readonly Tag[]> {
    const { client, traits } = this.place;
    if (tags === false || facts.TagCount === 0 || traits.known?.tagging === false) return [];
    const command = (): GetObjectTaggingCommand => new GetObjectTaggingCommand(this.place.targetToRead(key));
    const { TagSet = [] } = await client.run(true, () => client.calls.send(command())).catch(untagged);
    return TagSet.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value }));
  }

  private async headUpstream(key: ObjectKey): Promise<HeadObjectCommandOutput> {
    const { client } = this.place;
    const target = this.place.targetToRead(key);
    const command = (): HeadObjectCommand => withHeaders(new HeadObjectCommand(target), askForChecksum);
    try {
      return await client.run(true, () => client.calls.send(command()));
    } catch (error) {
      if (!isUnexplainedRefusal(error)) throw error;
      // Whether this object is denied or the storage's keys are bad, only the answer to a GET says.
      const answer = await this.getUpstream(key, 'bytes=0-0');
      this.drop(answer.Body as Readable, Infinity);
      throw error;
    }
  }

  private async getUpstream(key: ObjectKey, range: string | undefined, etag?: string): Promise<GetObjectCommandOutput> {
    const { client } = this.place;
    const target = this.place.targetToRead(key);
    const command = (): GetObjectCommand =>
      withHeaders(
        new GetObjectCommand({
          ...target,
          ...(range !== undefined && { Range: range }),
          ...(etag !== undefined && { IfMatch: quoted(etag) }),
        }),
        askForChecksum,
      );
    return client.run(true, () => client.reads.send(command()));
  }

  private origin(key: ObjectKey, etag: string): CopyOrigin {
    const { Bucket, Key } = this.place.targetToRead(key);
    return { storage: this.place.client.identity, place: `${Bucket}/${Key}`, etag };
  }

  private async call<T>(name: string, action: () => Promise<T>): Promise<T> {
    try {
      return await this.place.calls.timed(name, action);
    } catch (error) {
      throw toS3Error(error);
    }
  }
}

/** Some servers have a 404 for an object without tags. */
function untagged(error: unknown): { TagSet?: undefined } {
  if (error instanceof S3Error && error.cause instanceof Error && error.cause.name.startsWith('NoSuchTagSet'))
    return {};
  throw error;
}

// As a header and not as the SDK's option, with which it would compute the checksum of all that is read.
function askForChecksum(headers: Record<string, string>): void {
  headers['x-amz-checksum-mode'] = 'ENABLED';
}

/** A range that may be asked for. An answer to several has many bodies in one, and the gateway gives the whole object for them. */
function singleRange(header: string | undefined): string | undefined {
  return header !== undefined && SINGLE_RANGE.test(header) ? header : undefined;
}

/** What an answer holds of the object. @throws StorageError where it does not say it */
function rangeOf(answer: GetObjectCommandOutput): ByteRange {
  const stated = /^bytes (\d+)-(\d+)\//.exec(answer.ContentRange ?? '');
  if (stated) return { start: Number(stated[1]), end: Number(stated[2]) + 1 };
  return { start: 0, end: lengthOf(answer) };
}
