import type { RawConnection } from '../file-driver.js';
import type { IncomingHttpHeaders } from 'undici/types/header.js';

/** A request to a storage's server. */
export interface HttpRequest {
  readonly method: string;
  /** Absolute, already percent-encoded. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes that can be sent again on a retry, or a stream that cannot. */
  readonly body?: Buffer | string | AsyncIterable<Buffer>;
  /**
   * `true` where doing it twice does no harm: it is tried again, with back-off, after a connection that broke, 429 and 502
   * to 504, as long as no byte of the answer was handed out and the body can be sent again.
   */
  readonly idempotent: boolean;
  /** Cuts it. */
  readonly signal?: AbortSignal;
  /**
   * The answer's bytes go to a client, at its pace. While others wait, one whose client takes nothing may be ended: it fails with
   * `unavailable`, and can be gone on with by another request.
   */
  readonly resumable?: boolean;
  /** The answer has so many bytes that a connection of its own costs less than reading them in small pieces. For GET. */
  readonly large?: boolean;
}

/** The head of an answer; its body must be read to the end or dropped. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** It comes from another server, to which the storage's has redirected: its entity tags and times are that one's. */
  readonly foreign: boolean;
  /** The whole body. @throws StorageError `unavailable` where it is longer than `limit` bytes, or cut */
  bytes(limit: number): Promise<Buffer>;
  /** The whole body as text. @throws StorageError `unavailable` where it is longer than `limit` bytes, or cut */
  text(limit: number): Promise<string>;
  /** The body in the pieces that arrive. Fails where it is shorter than its Content-Length. */
  readonly body: AsyncIterable<Buffer>;
  /** Fills a buffer with the next bytes of the body, for who reads by this alone. @throws StorageError `unavailable` where they are fewer */
  fill(buffer: Buffer): Promise<void>;
  /** Hands the next bytes of the body to a connection, for who reads by {@link fill}: see `OpenFile.send`. */
  send(connection: RawConnection, length: number): number | undefined;
  /** Ends the exchange without reading the rest. */
  drop(): void;
}

/** A request whose body is handed over piece by piece. Exactly one of `end` and `abort` ends it. */
export interface HttpUpload {
  /**
   * Resolves once the piece may be reused: true where it was taken, false where the server has answered already and wants no
   * more; then {@link end} gives that answer.
   *
   * @throws StorageError `unavailable`
   */
  write(piece: Buffer): Promise<boolean>;
  /** Ends the body. @throws StorageError `unavailable` */
  end(): Promise<HttpAnswer>;
  /** Cuts the request. */
  abort(): void;
}

/** What an {@link HttpUpload} begins with. */
export interface HttpUploadRequest extends Omit<HttpRequest, 'body'> {
  /** Bytes that will come, where that is known: Content-Length, else the body is chunked. */
  readonly length: number | undefined;
}

/** How a storage's server is spoken to. */
export interface HttpLimits {
  /** For a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** For an answer's head, and for the next piece of a body in either direction, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Requests under way at once; others wait their turn. */
  readonly maxConcurrentRequests: number;
  /** Further tries of an idempotent request. */
  readonly retries: number;
}
