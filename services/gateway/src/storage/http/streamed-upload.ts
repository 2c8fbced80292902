import { StorageError } from '../storage-error.js';
import type { HttpAnswer, HttpUpload } from './http-exchange.js';
import { PieceFeed } from './piece-feed.js';
import { SilentServer } from './silent-server.js';

/**
 * Up to here the kernel may still read from a piece that counts as written: the stream below asks for more without waiting.
 * Larger ones exceed its high-water mark (64 KiB), and it waits until they are gone.
 */
const COPIED_BYTES = 128 * 1024;

/** An upload under way: pieces go out as they come, and a server that answers early, or not at all, is noticed. */
export class StreamedUpload implements HttpUpload {
  private readonly feed = new PieceFeed();
  private readonly controller = new AbortController();
  private readonly answer: Promise<HttpAnswer>;
  /** Resolves when no more pieces are wanted: answered, or failed. */
  private readonly settled: Promise<false>;
  private early = false;

  /** @param start sends the request with this body; resolves with the head of the answer */
  constructor(
    start: (body: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<HttpAnswer>,
    private readonly idleTimeoutMs: number,
    private readonly host: string,
  ) {
    this.answer = start(this.feed, this.controller.signal);
    const settle = (): false => {
      this.early = true;
      return false;
    };
    this.settled = this.answer.then(settle, settle);
  }

  async write(piece: Buffer): Promise<boolean> {
    const own = piece.length < COPIED_BYTES ? Buffer.from(piece) : piece;
    const taken = await this.watched(Promise.race([this.feed.give(own).then(() => !this.early), this.settled]));
    if (taken) return true;
    // Where it failed rather than answered, this is where to say so.
    await this.answer;
    return false;
  }

  async end(): Promise<HttpAnswer> {
    // An early answer is read first: a body that ends short of its length breaks the connection.
    if (!this.early) this.feed.end();
    const answer = await this.watched(this.answer);
    return this.early ? this.closing(answer) : answer;
  }

  abort(): void {
    this.cut(new StorageError('unavailable', 'The upload was given up.'));
    void this.answer.then(
      (answer) => answer.drop(),
      () => undefined,
    );
  }

  private closing(answer: HttpAnswer): HttpAnswer {
    return {
      status: answer.status,
      headers: answer.headers,
      foreign: answer.foreign,
      body: answer.body,
      fill: (buffer) => answer.fill(buffer),
      send: (connection, length) => answer.send(connection, length),
      bytes: (limit) => answer.bytes(limit).finally(() => this.feed.end()),
      text: (limit) => answer.text(limit).finally(() => this.feed.end()),
      drop: () => {
        answer.drop();
        this.feed.end();
      },
    };
  }

  private cut(reason: StorageError): void {
    this.controller.abort(reason);
    this.feed.end();
  }

  private async watched<T>(step: Promise<T>): Promise<T> {
    const timer = setTimeout(
      () => this.cut(new SilentServer(`The storage's server ${this.host} takes no more of an upload.`)),
      this.idleTimeoutMs,
    );
    try {
      return await step;
    } finally {
      clearTimeout(timer);
    }
  }
}
