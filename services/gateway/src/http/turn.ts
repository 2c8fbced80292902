import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests that a client may send ahead of the answers, on one connection. Clients of S3 send none. */
const MAX_AHEAD = 256;

const waitingOn = new WeakMap<Socket, number>();

/**
 * Has a request wait for those before it on its connection (HTTP pipelining). Served side by side, each would hold its body and its file
 * until the client has read all before it, and a read would not see the write that came before it (RFC 9112, 9.3.2).
 *
 * @returns undefined where it is its turn, else whether its turn came: false where the client went away
 */
export function turnOf(request: IncomingMessage, response: ServerResponse): Promise<boolean> | undefined {
  // Node gives a response its connection when those before it are out.
  if (response.socket !== null) return undefined;
  const { socket } = request;
  const waiting = (waitingOn.get(socket) ?? 0) + 1;
  waitingOn.set(socket, waiting);
  if (waiting > MAX_AHEAD) socket.destroy();
  return new Promise((resolve) => {
    const settle = (came: boolean): void => {
      response.off('socket', come);
      socket.off('close', goAway);
      waitingOn.set(socket, (waitingOn.get(socket) ?? 1) - 1);
      resolve(came);
    };
    const come = (): void => settle(true);
    const goAway = (): void => settle(false);
    response.once('socket', come);
    socket.once('close', goAway);
    if (socket.destroyed) settle(false);
  });
}
