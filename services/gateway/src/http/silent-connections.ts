import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections over which no request has come yet: those that browsers and load balancers open in advance, health checks, and
 * clients that never end their headers. To Node they are not idle, and so would hold up a drain until the headers' timeout.
 */
export class SilentConnections {
  /** By the client's address and port, which a TLS socket has in common with the TCP socket below it. */
  private readonly sockets = new Map<string, Socket>();
  private readonly heard = new WeakSet<Socket>();

  constructor(server: Server) {
    server.on('connection', this.add);
    server.on('secureConnection', this.add);
    server.on('request', ({ socket }) => {
      if (this.heard.has(socket)) return;
      this.heard.add(socket);
      this.sockets.delete(clientOf(socket));
    });
  }

  /** Closes them all. */
  close(): void {
    for (const socket of this.sockets.values()) socket.destroy();
  }

  private readonly add = (socket: Socket): void => {
    const client = clientOf(socket);
    this.sockets.set(client, socket);
    socket.once('close', () => {
      if (this.sockets.get(client) === socket) this.sockets.delete(client);
    });
  };
}

function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
