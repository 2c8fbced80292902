import type { Readable } from 'node:stream';
import { S3Error } from '../../errors/s3-error.js';
import type { ByteRange } from '../../objects/byte-range.js';
import type { ObjectReader } from '../../objects/object-store.js';
import { toS3Error } from '../../objects/to-s3-error.js';
import type { RawConnection } from '../file-driver.js';
import { BodySource, type BodyFailures } from '../http/body-source.js';
import { translateUpstreamError } from './upstream-error.js';
import { UpstreamFailure } from './upstream-failure.js';

/** What is left of an answer, or stands before what is wanted of it, is read to keep its connection if it is not more than this; else the connection is cut. */
export const DRAIN_BYTES = 64 * 1024;

const FAILURES: BodyFailures = {
  cut: () => new UpstreamFailure('cut'),
  stalled: () => new UpstreamFailure('stalled'),
};

/** Bytes that are thrown away at once. */
const SKIP_BYTES = 64 * 1024;

/** An answer, and which bytes of the object it holds: at least those that were asked for. */
export interface GivenRange {
  readonly stream: Readable;
  readonly given: ByteRange;
}

/** Asks for a range of the version that is being read. */
export type OpenRange = (range: ByteRange) => Promise<GivenRange>;

export interface UpstreamReaderOptions {
  readonly range: ByteRange;
  readonly openRange: OpenRange;
  /** How often a read that breaks off is taken up where it was. */
  readonly retries: number;
  readonly idleTimeoutMs: number;
}

/**
 * The bytes of a range of one version. A connection that breaks is replaced: the rest is asked for with the entity tag of what
 * was read so far, so the bytes are of one version whatever happens meanwhile.
 */
export class UpstreamReader implements ObjectReader {
  private position: number;
  private source: BodySource;
  /** Bytes of the answer before the position, and behind the range: not every server keeps to the range that it is asked for. */
  private surplus: { before: number; readonly behind: number };
  private failures = 0;

  /** @param first the answer with the range */
  constructor(
    first: GivenRange,
    private readonly options: UpstreamReaderOptions,
  ) {
    this.position = options.range.start;
    this.surplus = surplusOf(first.given, this.position, options.range.end);
    this.source = new BodySource(first.stream, options.idleTimeoutMs, FAILURES);
  }

  async read(buffer: Buffer): Promise<number> {
    const left = this.options.range.end - this.position;
    const target = buffer.length > left ? buffer.subarray(0, left) : buffer;
    for (let filled = 0; ;) {
      try {
        await this.skip();
      } catch (error) {
        await this.reopen(error, this.position + filled);
        continue;
      }
      try {
        await this.source.fill(target, filled);
        this.position += target.length;
        return target.length;
      } catch (error) {
        filled = this.source.filled;
        await this.reopen(error, this.position + filled);
      }
    }
  }

  send(connection: RawConnection, length: number): number | undefined {
    if (this.surplus.before > 0) return 0;
    const sent = this.source.send(connection, Math.min(length, this.options.range.end - this.position));
    this.position += sent ?? 0;
    return sent;
  }

  close(): void {
    const { stream } = this.source;
    const { before, behind } = this.surplus;
    this.source.close(before + this.options.range.end - this.position + behind, DRAIN_BYTES);
    cutLater(stream, this.options.idleTimeoutMs);
  }

  private async skip(): Promise<void> {
    while (this.surplus.before > 0) {
      const unwanted = Buffer.allocUnsafe(Math.min(this.surplus.before, SKIP_BYTES));
      await this.source.fill(unwanted, 0);
      this.surplus.before -= unwanted.length;
    }
  }

  private async reopen(cause: unknown, start: number): Promise<void> {
    this.source.close(Infinity, 0);
    if (++this.failures > this.options.retries) throw toS3Error(translateUpstreamError(cause));
    const { range, openRange, idleTimeoutMs } = this.options;
    const { stream, given } = await openRange({ start, end: range.end });
    this.surplus = surplusOf(given, start, range.end);
    this.source = new BodySource(stream, idleTimeoutMs, FAILURES);
  }
}

function surplusOf(given: ByteRange, start: number, end: number): { before: number; behind: number } {
  return { before: start - given.start, behind: given.end - end };
}

/**
 * Ends an answer of which nothing more is wanted.
 *
 * @param left bytes of it; Infinity where that is not known
 * @param idleTimeoutMs until what is left has to be there, for its connection to be kept
 */
export function dispose(stream: Readable, left: number, idleTimeoutMs: number): void {
  if (stream.destroyed || stream.readableEnded) return;
  // A failure of what nobody reads is nobody's.
  stream.on('error', () => undefined);
  if (left > DRAIN_BYTES) stream.destroy();
  else {
    stream.resume();
    cutLater(stream, idleTimeoutMs);
  }
}

/** Cuts what is still not at its end by then: nobody else waits for it. */
function cutLater(stream: Readable, delayMs: number): void {
  if (stream.closed || stream.destroyed) return;
  const late = setTimeout(() => stream.destroy(), delayMs);
  stream.once('close', () => clearTimeout(late));
}

/** The error for a version that was replaced after its facts were given; a repeated request sees the new one. */
export function replacedMeanwhile(cause: unknown): S3Error {
  return new S3Error('SlowDown', {
    message: 'The object was replaced while it was being read. Try again.',
    headers: { 'Retry-After': '1' },
    cause,
  });
}
