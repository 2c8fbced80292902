import type { OpenFile } from '../../storage/file-driver.js';
import type { ByteRange } from '../byte-range.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectInfo } from '../object-info.js';
import type { ObjectReader, OpenObject } from '../object-store.js';
import { toS3Error } from '../to-s3-error.js';

/** An object read from one open file. */
export class FileOpenObject implements OpenObject {
  constructor(
    readonly info: ObjectInfo,
    private readonly file: OpenFile,
  ) {}

  read(range: ByteRange): ObjectReader {
    return new FileReader(this.file, range);
  }

  close(): MaybePromise<void> {
    return this.file.close();
  }
}

class FileReader implements ObjectReader {
  private position: number;
  private readonly end: number;

  constructor(
    private readonly file: OpenFile,
    range: ByteRange,
  ) {
    this.position = range.start;
    this.end = range.end;
  }

  async read(buffer: Buffer): Promise<number> {
    const left = this.end - this.position;
    if (left <= 0) return 0;
    try {
      const count = await this.file.read(left < buffer.length ? buffer.subarray(0, left) : buffer, this.position);
      this.position += count;
      return count;
    } catch (error) {
      throw toS3Error(error);
    }
  }

  close(): MaybePromise<void> {
    return this.file.close();
  }
}
