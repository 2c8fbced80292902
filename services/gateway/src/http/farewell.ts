import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Tells the client of every answer that it was the last one over its connection. A connection that is closed while it is idle may
 * have a request on its way, which no client can tell from one that was carried out: those in use have to end with an answer.
 *
 * @returns when no connection is left, or so many milliseconds have passed
 */
export async function sayFarewell(server: Server, forMs: number): Promise<void> {
  server.prependListener('request', (_: IncomingMessage, response: ServerResponse) => {
    response.shouldKeepAlive = false;
  });
  for (const end = performance.now() + forMs; performance.now() < end;) {
    if ((await connections(server)) === 0) return;
    await delay(POLL_MS);
  }
}

function connections(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((error, count) => resolve(error === null ? count : 0));
  });
}
