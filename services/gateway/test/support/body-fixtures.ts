import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { HeaderMap } from '../../src/http/header-map.js';
import { QueryParameters } from '../../src/http/query-parameters.js';
import type { S3Request } from '../../src/http/s3-request.js';
import type { ByteSink } from '../../src/objects/object-body.js';
import type { ChunkSigner } from '../../src/body/chunk-signer.js';

/** Signs over everything before, as SigV4 does, but with no key. */
export class FakeChunkSigner implements ChunkSigner {
  private previous = 'seed';

  signChunk(chunkSha256: string): string {
    this.previous = hash('sha256', `chunk ${this.previous} ${chunkSha256}`);
    return this.previous;
  }

  signTrailer(trailerSha256: string): string {
    return hash('sha256', `trailer ${this.previous} ${trailerSha256}`);
  }
}

export interface WireOptions {
  readonly signed?: boolean;
  /** `name:value` */
  readonly trailer?: string;
}

/** The chunks of an aws-chunked body, the final one and the trailer as the last elements. */
export function encodeChunks(payloads: readonly Buffer[], options: WireOptions = {}): Buffer[] {
  const signer = options.signed === true ? new FakeChunkSigner() : undefined;
  const header = (payload: Buffer): string =>
    signer === undefined
      ? `${payload.length.toString(16)}\r\n`
      : `${payload.length.toString(16)};chunk-signature=${signer.signChunk(hash('sha256', payload))}\r\n`;
  const chunks = payloads.map((payload) => Buffer.concat([Buffer.from(header(payload)), payload, Buffer.from('\r\n')]));
  let end = header(Buffer.alloc(0));
  if (options.trailer !== undefined) {
    end += `${options.trailer}\r\n`;
    if (signer !== undefined) {
      end += `x-amz-trailer-signature:${signer.signTrailer(hash('sha256', `${options.trailer}\n`))}\r\n`;
    }
  }
  return [...chunks, Buffer.from(`${end}\r\n`)];
}

/** Splits bytes at the given places. */
export function splitAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...sorted, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** A request with what the body decoder reads of one. */
export function fakeRequest(headers: Readonly<Record<string, string>>, raw: Readable | readonly Buffer[]): S3Request {
  const stream = raw instanceof Readable ? raw : Readable.from(raw, { objectMode: false });
  return {
    id: 'request',
    method: 'PUT',
    path: { kind: 'root' },
    query: QueryParameters.EMPTY,
    headers: HeaderMap.parse(Object.entries(headers).flat()),
    rawPath: '/',
    rawQuery: '',
    virtualHosted: false,
    remoteAddress: '127.0.0.1',
    secure: false,
    receivedAt: new Date(0),
    raw: stream as IncomingMessage,
    sendContinue: () => undefined,
  };
}

/** Keeps what it gets. */
export class CollectingSink implements ByteSink {
  readonly pieces: Buffer[] = [];
  writing = 0;

  /** @param delay makes writes asynchronous */
  constructor(private readonly delay?: () => Promise<void>) {}

  write(piece: Buffer): void | Promise<void> {
    if (this.writing > 0) throw new Error('Two writes at a time.');
    if (this.delay === undefined) {
      this.pieces.push(Buffer.from(piece));
      return;
    }
    return this.writeLate(piece, this.delay);
  }

  private async writeLate(piece: Buffer, delay: () => Promise<void>): Promise<void> {
    this.writing += 1;
    await delay();
    // Only now: the piece must have stayed as it was until the promise resolves.
    this.pieces.push(Buffer.from(piece));
    this.writing -= 1;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.pieces);
  }
}
