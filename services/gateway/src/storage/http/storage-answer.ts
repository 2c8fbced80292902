import type { Readable } from 'node:stream';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { StorageError } from '../storage-error.js';
import type { RawConnection } from '../file-driver.js';
import { BodySource, type BodyFailures } from './body-source.js';
import type { HttpAnswer } from './http-exchange.js';
import { toHttpFailure } from './http-failure.js';
import type { ResumableRead } from './read-slots.js';

/** A rest of up to this is read and thrown away, which costs less than a new connection. */
const CHEAP_REST_BYTES = 64 * 1024;

const FAILURES: BodyFailures = {
  cut: () => Object.assign(new Error('cut'), { code: 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' }),
  stalled: () => Object.assign(new Error('stalled'), { code: 'UND_ERR_BODY_TIMEOUT' }),
};

/** The head of an answer, and its body. */
export interface AnswerData {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** An answer as undici or Node gives it, with the storage's errors, that tells when it has ended. */
export class StorageAnswer implements HttpAnswer, ResumableRead {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  foreign = false;
  idleSince: number | undefined = performance.now();
  private ended = false;
  private source: BodySource | undefined;
  private taken = 0;
  private yielded = false;

  /** @param onEnd called once, when nothing of the exchange is under way any more */
  constructor(
    private readonly data: AnswerData,
    private readonly url: URL,
    private readonly idleTimeoutMs: number,
    private readonly onEnd: () => void,
  ) {
    this.status = data.statusCode;
    this.headers = data.headers;
    // What fails while nobody reads is told to who reads next, or does not matter.
    data.body.on('error', () => undefined);
    data.body.once('close', () => this.end());
  }

  get body(): AsyncIterable<Buffer> {
    return this.pieces();
  }

  async text(limit: number): Promise<string> {
    return (await this.bytes(limit)).toString('utf8');
  }

  async bytes(limit: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this.pieces()) {
      size += piece.length;
      if (size > limit) {
        throw new StorageError('unavailable', `The storage's server ${this.url.host} gave an answer without end.`);
      }
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  async fill(buffer: Buffer): Promise<void> {
    if (this.yielded) throw new StorageError('unavailable', 'The read has made room for others.');
    this.source ??= new BodySource(this.data.body, this.idleTimeoutMs, FAILURES);
    this.idleSince = undefined;
    try {
      await this.source.fill(buffer, 0);
      this.taken += buffer.length;
      this.idleSince = performance.now();
    } catch (error) {
      this.end();
      throw toHttpFailure(error, this.url);
    }
  }

  send(connection: RawConnection, length: number): number | undefined {
    if (this.yielded) return 0;
    const sent = this.source?.send(connection, length);
    if (sent) {
      this.taken += sent;
      this.idleSince = performance.now();
    }
    return sent;
  }

  yield(): void {
    this.yielded = true;
    this.drop();
  }

  drop(): void {
    const { body } = this.data;
    const left = Number(this.headers['content-length'] ?? Number.NaN) - this.taken;
    // Also when it has ended: it may hold bytes that came before.
    this.source?.close(left, CHEAP_REST_BYTES);
    if (this.ended) return;
    if (this.source === undefined) {
      if (left <= CHEAP_REST_BYTES) body.resume();
      else body.destroy();
    }
    this.end();
  }

  private async *pieces(): AsyncGenerator<Buffer> {
    try {
      for await (const piece of this.data.body) yield piece as Buffer;
    } catch (error) {
      throw toHttpFailure(error, this.url);
    } finally {
      this.end();
    }
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.onEnd();
  }
}
