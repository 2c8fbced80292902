import { setImmediate } from 'node:timers/promises';
import { S3Error } from '../errors/s3-error.js';
import type { ChecksumAlgorithm } from '../objects/checksum.js';
import type { BodyDigests, ByteSink, ObjectBody } from '../objects/object-body.js';
import type { ObjectReader } from '../objects/object-store.js';
import { BodyDigester } from './body-digester.js';
import { acquirePiece, releasePiece } from './piece-pool.js';

const NOTHING = Buffer.alloc(0);
const SMALL_COPY_BYTES = 64 * 1024;
/** Local storages answer at once: without a break now and then a large copy would keep everyone else waiting. */
const PIECES_PER_TURN = 4;

/**
 * The body of a server-side copy: reads the source while the piece before is written. The caller closes the reader.
 *
 * @param length bytes that the reader will give; fewer are an `InternalError`
 * @param algorithm the checksum to compute
 */
export function createCopyBody(reader: ObjectReader, length: number, algorithm?: ChecksumAlgorithm): ObjectBody {
  return new CopyBody(reader, length, algorithm);
}

class CopyBody implements ObjectBody {
  constructor(
    private readonly reader: ObjectReader,
    readonly length: number,
    private readonly algorithm: ChecksumAlgorithm | undefined,
  ) {}

  get checksum(): ObjectBody['checksum'] {
    return this.algorithm === undefined ? undefined : { algorithm: this.algorithm };
  }

  async transfer(sink: ByteSink): Promise<BodyDigests> {
    const digester = new BodyDigester({
      expected: {},
      ...(this.algorithm === undefined ? {} : { algorithm: this.algorithm }),
    });
    if (this.length === 0) return digester.finish(NOTHING);
    const first = this.buffer();
    const buffers = [first, this.length > first.length ? this.buffer() : NOTHING];
    let writing: Promise<void> | undefined;
    try {
      let left = this.length;
      for (let turn = 0; ; turn++) {
        // The buffers take turns: the one before last is written by now, since only one write is in flight.
        const piece = await this.fill(buffers[turn % 2] as Buffer, left);
        left -= piece.length;
        await writing;
        writing = undefined;
        if (left === 0) {
          const digests = digester.finish(piece);
          await sink.write(piece);
          return digests;
        }
        writing = started(sink.write(piece));
        digester.update(piece);
        if (turn % PIECES_PER_TURN === PIECES_PER_TURN - 1) await setImmediate();
      }
    } finally {
      // The sink may still hold a buffer when reading has failed.
      await writing?.catch(() => undefined);
      for (const buffer of buffers) releasePiece(buffer);
    }
  }

  private buffer(): Buffer {
    return this.length <= SMALL_COPY_BYTES ? Buffer.allocUnsafeSlow(this.length) : acquirePiece();
  }

  private async fill(buffer: Buffer, left: number): Promise<Buffer> {
    const target = left < buffer.length ? buffer.subarray(0, left) : buffer;
    let filled = 0;
    while (filled < target.length) {
      const read = this.reader.read(filled === 0 ? target : target.subarray(filled));
      const count = typeof read === 'number' ? read : await read;
      if (count === 0) throw new S3Error('InternalError', { cause: new Error('The copy source ended early.') });
      filled += count;
    }
    return target;
  }
}

/** A write that may fail while the next piece is read, which is only asked for afterwards. */
function started(written: void | Promise<void>): Promise<void> | undefined {
  if (!(written instanceof Promise)) return undefined;
  written.catch(() => undefined);
  return written;
}
