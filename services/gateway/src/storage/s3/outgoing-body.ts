import type { ClientRequest } from 'node:http';
import { Readable } from 'node:stream';
import { checksumHeader, CHECKSUM_BYTES, type ChecksumAlgorithm } from '../../objects/checksum.js';
import { UpstreamFailure } from './upstream-failure.js';

/** Bytes of a chunk of `aws-chunked`; fixed, so that the length on the wire is known before the pieces are. */
const CHUNK_BYTES = 1024 * 1024;

/**
 * The body of a request to the upstream, pushed piece by piece. A stream to the SDK, which never reads it: the transport
 * attaches it to its request, so that a write ends when the kernel has the piece and its buffer may be used again.
 *
 * With a trailer it is framed as `aws-chunked`: a checksum that is known only at the end goes with it all the same.
 */
export class OutgoingBody extends Readable {
  private readonly opened = Promise.withResolvers<ClientRequest>();
  private written = 0;

  /**
   * @param bytes of the object or part
   * @param trailer whose checksum follows the bytes
   */
  constructor(
    readonly bytes: number,
    readonly trailer?: ChecksumAlgorithm,
  ) {
    super({ read: () => undefined });
    // Nobody may be waiting when the request fails.
    this.opened.promise.catch(() => undefined);
  }

  /** For `Content-Length`. */
  get wireLength(): number {
    if (this.trailer === undefined) return this.bytes;
    const rest = this.bytes % CHUNK_BYTES;
    const full = (this.bytes - rest) / CHUNK_BYTES;
    const chunks = full * framedLength(CHUNK_BYTES) + (rest === 0 ? 0 : framedLength(rest));
    const value = Math.ceil(CHECKSUM_BYTES[this.trailer] / 3) * 4;
    return chunks + 3 + checksumHeader(this.trailer).length + 1 + value + 4;
  }

  /** Called by the transport once the upstream is ready to take bytes. */
  attach(request: ClientRequest): void {
    this.opened.resolve(request);
  }

  /** Called when the request has ended without taking all bytes: whoever waits to write fails. */
  fail(error: unknown): void {
    this.opened.reject(error);
  }

  /**
   * Resolves once the piece may be reused.
   *
   * @param idleTimeoutMs until the upstream has to take it
   */
  async write(piece: Buffer, idleTimeoutMs: number): Promise<void> {
    const request = await this.opened.promise;
    await new Promise<void>((resolve, reject) => {
      const stalled = setTimeout(() => request.destroy(new UpstreamFailure('stalled')), idleTimeoutMs);
      const done = (error?: Error | null): void => {
        clearTimeout(stalled);
        request.off('close', closed);
        if (error) reject(error);
        else resolve();
      };
      const closed = (): void => done(new UpstreamFailure('cut'));
      request.once('close', closed);
      if (this.trailer === undefined) request.write(piece, done);
      else this.writeFramed(request, piece, done);
    });
  }

  /** Ends the body. @param checksum base64; with a trailer only */
  async finish(checksum?: string): Promise<void> {
    const request = await this.opened.promise;
    if (this.trailer === undefined) request.end();
    else request.end(`0\r\n${checksumHeader(this.trailer)}:${checksum ?? ''}\r\n\r\n`, 'latin1');
  }

  private writeFramed(request: ClientRequest, piece: Buffer, done: (error?: Error | null) => void): void {
    request.cork();
    for (let at = 0; at < piece.length;) {
      const inChunk = this.written % CHUNK_BYTES;
      if (inChunk === 0)
        request.write(`${Math.min(CHUNK_BYTES, this.bytes - this.written).toString(16)}\r\n`, 'latin1');
      const part = piece.subarray(at, at + CHUNK_BYTES - inChunk);
      at += part.length;
      this.written += part.length;
      const last = at === piece.length;
      if (last) request.write(part, done);
      else request.write(part);
      if (this.written % CHUNK_BYTES === 0 || this.written === this.bytes) request.write('\r\n', 'latin1');
    }
    request.uncork();
  }
}

/** A chunk with its size line and its end. */
function framedLength(bytes: number): number {
  return bytes.toString(16).length + 2 + bytes + 2;
}
