import { createCopyBody } from '../../body/copy-body.js';
import { S3Error } from '../../errors/s3-error.js';
import type { ByteRange } from '../../objects/byte-range.js';
import type { ChecksumAlgorithm } from '../../objects/checksum.js';
import type { ObjectBody } from '../../objects/object-body.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import type { ObjectReader, OpenObject } from '../../objects/object-store.js';
import type { CopyOrigin } from '../../objects/storage-copy.js';
import type { CopySourceName } from './copy-source.js';

/** The most that CopyObject and UploadPartCopy take at once: 5 GiB. */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** @throws S3Error `InvalidRequest` for more than {@link MAX_COPY_BYTES} */
export function requireCopySize(bytes: number): void {
  if (bytes <= MAX_COPY_BYTES) return;
  throw new S3Error('InvalidRequest', {
    message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_COPY_BYTES}. Copy it in parts with UploadPartCopy.`,
  });
}

/** A copy source that the client may read, pinned: whoever overwrites it meanwhile does not change the copy. */
export class OpenCopySource {
  private reader: ObjectReader | undefined;

  constructor(
    readonly name: CopySourceName,
    private readonly object: OpenObject,
  ) {}

  get info(): ObjectInfo {
    return this.object.info;
  }

  /** Where the storage can copy by itself. */
  get origin(): CopyOrigin | undefined {
    return this.object.origin;
  }

  /**
   * The bytes of a range, once, for a store to take.
   *
   * @throws S3Error `InvalidRequest` for more than {@link MAX_COPY_BYTES}
   */
  async body(range: ByteRange, algorithm: ChecksumAlgorithm | undefined): Promise<ObjectBody> {
    const length = range.end - range.start;
    requireCopySize(length);
    this.reader = await this.object.read(range);
    return createCopyBody(this.reader, length, algorithm);
  }

  /** Must be called whatever happens. */
  async close(): Promise<void> {
    await (this.reader ?? this.object).close();
  }
}
