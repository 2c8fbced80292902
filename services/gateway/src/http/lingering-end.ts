import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Exchange } from './exchange.js';
import { StallWatch } from './stall-watch.js';

/** Bytes of an unread body that are taken in and thrown away, so that the connection lives on. */
const KEEP_ALIVE_BYTES = 256 * 1024;
/** Bytes taken in before the connection is closed under a client that does not stop to read the answer. */
const DISCARD_BYTES = 16 * 1024 * 1024;
/** How long, in milliseconds, the rest of a small body may take. */
const REST_MS = 30_000;
/** How long, in milliseconds, such a client has to notice the answer. */
const LINGER_MS = 2_000;

/** Whether so much of the request's body is unread that the connection cannot be kept. Known before the headers are written. */
export function mustClose(exchange: Exchange): boolean {
  if (exchange.raw.complete) return false;
  if (exchange.header('transfer-encoding') !== undefined) return true;
  const declared = Number(exchange.header('content-length') ?? 0);
  // A client that was not told to continue may send its body all the same, or not: no telling where its next request begins.
  return declared > (exchange.expectsContinue ? 0 : KEEP_ALIVE_BYTES);
}

/**
 * Ends an answer, of whose body the exchange knows the bytes. Where the request's body was not read (an error found before it, as authentication errors are), closing at once
 * would reset the connection under a client that is still sending, and the answer with it; reading all of it would let anybody
 * make the gateway swallow terabytes. So the answer is sent, and the rest read for a while, bounded. Nobody waits for that: the exchange is
 * over once its answer is out.
 */
export function lingeringEnd(exchange: Exchange, body: string | Buffer | undefined): void {
  const { raw, response } = exchange;
  if (mustClose(exchange)) {
    void linger(exchange, body);
    return;
  }
  if (!raw.complete) {
    raw.resume();
    if (exchange.header('content-length') !== undefined) limitRest(raw);
  }
  // A page of a listing is hundreds of kilobytes of keys that mostly are ASCII: as Latin-1, which is the same then, they are only copied.
  if (typeof body === 'string') response.end(body, exchange.bytesOut === body.length ? 'latin1' : 'utf8');
  else response.end(body);
  if (!response.writableFinished) closeIfStalled(response);
}

/** The rest of a body that trickles in for ever would keep the connection, and a shutdown waiting. */
function limitRest(raw: IncomingMessage): void {
  const timer = setTimeout(() => {
    if (!raw.complete) raw.socket.destroy();
  }, REST_MS);
  const done = (): void => clearTimeout(timer);
  raw.once('end', done).once('close', done);
}

/** Most answers are with the kernel by now. One that is not waits for its client, but not for one that takes nothing. */
function closeIfStalled(response: ServerResponse): void {
  const watch = new StallWatch(response);
  watch.waiting = true;
  response.once('close', () => watch.close());
}

async function linger(exchange: Exchange, body: string | Buffer | undefined): Promise<void> {
  const { response } = exchange;
  if (body === undefined) response.flushHeaders();
  else response.write(body);
  await clientIsDone(exchange);
  response.end();
}

/** Resolves when the client has sent all or closed, has sent too much, or has had its time. */
function clientIsDone(exchange: Exchange): Promise<void> {
  const { raw } = exchange;
  return new Promise((resolve) => {
    let taken = 0;
    const done = (): void => {
      clearTimeout(timer);
      raw.off('data', take).off('end', done).off('close', done).off('error', done);
      resolve();
    };
    const take = (chunk: Buffer): void => {
      taken += chunk.length;
      if (taken > DISCARD_BYTES) done();
    };
    const timer = setTimeout(done, LINGER_MS);
    raw.on('data', take).on('end', done).on('close', done).on('error', done);
    raw.resume();
  });
}
