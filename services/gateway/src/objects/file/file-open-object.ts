import type { OpenFile, RawConnection } from '../../storage/file-driver.js';
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

  read(range: ByteRange): MaybePromise<ObjectReader> {
    const reader = new FileReader(this.file, range);
    return this.file.prepare ? this.prepared(reader, this.file.prepare(range.start, range.end)) : reader;
  }

  close(): MaybePromise<void> {
    return this.file.close();
  }

  private async prepared(reader: ObjectReader, ready: MaybePromise<void>): Promise<ObjectReader> {
    try {
      await ready;
      return reader;
    } catch (error) {
      throw toS3Error(error);
    }
  }
}

class FileReader implements ObjectReader {
  readonly send?: (connection: RawConnection, length: number) => Promise<number | undefined>;
  private position: number;
  private readonly end: number;

  constructor(
    private readonly file: OpenFile,
    range: ByteRange,
  ) {
    this.position = range.start;
    this.end = range.end;
    const { send } = file;
    if (send !== undefined) {
      this.send = async (connection, length) => {
        const left = Math.min(length, this.end - this.position);
        const sent = left > 0 ? await send.call(file, connection, this.position, left) : 0;
        this.position += sent ?? 0;
        return sent;
      };
    }
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
