import type { IncomingMessage, Server } from 'node:http';

const waiting = new WeakSet<IncomingMessage>();

/**
 * Leaves `100 Continue` to the body decoder, which sends it behind the auth gate. Node would send it before anybody has looked at
 * the request, and a refused client would have sent its body for nothing.
 */
export function deferContinue(server: Server): void {
  server.on('checkContinue', (request, response) => {
    waiting.add(request);
    server.emit('request', request, response);
  });
  // S3 ignores an expectation that it does not know; Node would answer 417.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** Whether the client of a request waits for `100 Continue`. */
export function expectsContinue(request: IncomingMessage): boolean {
  return waiting.has(request);
}
