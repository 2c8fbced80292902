import { S3Error } from '../errors/s3-error.js';
import type { ByteSink } from '../objects/object-body.js';
import type { BodyDigester } from './body-digester.js';
import { acquirePiece, releasePiece } from './piece-pool.js';
import type { ByteTarget } from './stream-pump.js';

const NOTHING = Buffer.alloc(0);
/** Up to here a body that comes in several reads gets a buffer of its own size instead of a pooled one. */
const SMALL_BODY_BYTES = 64 * 1024;

/**
 * Gathers the bytes of one body into at most two buffers: while the sink writes one, the other fills. Bytes that come
 * while both are taken wait in place (at most one read of the socket), and {@link ready} tells the source to pause.
 *
 * A full buffer goes to the sink only when more bytes follow: the last piece stays here until all checks have passed.
 */
export class PieceGatherer implements ByteTarget {
  /** Bytes taken. */
  total = 0;
  /** Set while no more bytes should come; resolves when that may have changed. Never rejects. */
  ready: Promise<void> | undefined;

  private whole: Buffer | undefined;
  private filling: Buffer | undefined;
  private filled = 0;
  private spare: Buffer | undefined;
  private flying: Buffer | undefined;
  private inFlight: Promise<void> | undefined;
  private backlog: Buffer[] = [];
  private failure: { readonly error: unknown } | undefined;

  /** @param length bytes that will come, undefined where that is not known */
  constructor(
    private readonly sink: ByteSink,
    private readonly digester: BodyDigester,
    private readonly length: number | undefined,
  ) {}

  /** @throws S3Error `IncompleteBody` where more comes than was declared; what the sink failed with */
  take(bytes: Buffer): boolean {
    if (this.failure !== undefined) throw this.failure.error;
    if (this.length !== undefined && bytes.length > this.length - this.total) {
      throw new S3Error('IncompleteBody', { message: 'The request body holds more bytes than its headers declare.' });
    }
    this.total += bytes.length;
    // The usual small object: everything in one read, so no copy.
    if (bytes.length === this.length) {
      this.whole = bytes;
      return true;
    }
    return this.place(bytes);
  }

  /**
   * Waits for the sink and gives what is left: the last piece.
   *
   * @throws S3Error `IncompleteBody` where less came than was declared; what the sink failed with
   */
  async settle(): Promise<Buffer> {
    if (this.length !== undefined && this.total !== this.length) {
      throw new S3Error('IncompleteBody', { message: 'The request body holds fewer bytes than its headers declare.' });
    }
    while (this.inFlight !== undefined) await this.inFlight;
    if (this.failure !== undefined) throw this.failure.error;
    return this.whole ?? this.filling?.subarray(0, this.filled) ?? NOTHING;
  }

  /** Gives the buffers back, one that the sink still has as soon as it is done. */
  release(): void {
    if (this.inFlight === undefined) this.releaseAll();
    else {
      this.backlog = [];
      void this.inFlight.then(this.releaseAll);
    }
  }

  /** @returns whether some of the bytes wait in place */
  private place(bytes: Buffer): boolean {
    if (this.ready !== undefined) {
      this.backlog.push(bytes);
      return true;
    }
    let at = 0;
    for (;;) {
      this.filling ??= this.nextBuffer();
      const copied = bytes.copy(this.filling, this.filled, at);
      this.filled += copied;
      at += copied;
      if (at === bytes.length) return false;
      if (this.inFlight !== undefined) {
        this.backlog.push(bytes.subarray(at));
        this.ready = this.inFlight;
        return true;
      }
      this.dispatch(this.filling);
    }
  }

  private dispatch(piece: Buffer): void {
    const written = this.sink.write(piece);
    this.filled = 0;
    if (written instanceof Promise) {
      this.flying = piece;
      this.filling = this.spare;
      this.spare = undefined;
      this.inFlight = written.then(this.onWritten, this.onFailed);
    }
    // Hashing while the sink writes: both only read.
    this.digester.update(piece);
  }

  private readonly onWritten = (): void => {
    this.spare = this.flying;
    this.flying = undefined;
    this.inFlight = undefined;
    this.ready = undefined;
    const waiting = this.backlog;
    if (waiting.length === 0) return;
    this.backlog = [];
    try {
      for (const bytes of waiting) this.place(bytes);
    } catch (error) {
      this.failure = { error };
    }
  };

  private readonly onFailed = (error: unknown): void => {
    this.failure = { error };
    this.backlog = [];
    this.onWritten();
  };

  private readonly releaseAll = (): void => {
    for (const buffer of [this.filling, this.spare, this.flying]) if (buffer !== undefined) releasePiece(buffer);
    this.filling = undefined;
    this.spare = undefined;
    this.flying = undefined;
  };

  private nextBuffer(): Buffer {
    if (this.length !== undefined && this.length <= SMALL_BODY_BYTES) return Buffer.allocUnsafeSlow(this.length);
    return acquirePiece();
  }
}
