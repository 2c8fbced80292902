import http from 'node:http';
import net from 'node:net';

/** Bytes that a connection reads at once. */
const READ_BYTES = 256 * 1024;

/** Takes the bytes that a connection has read, out of the buffer that it reads into; false where it must not read on before `resume`. */
export type DirectSink = (bytes: Buffer) => boolean;

const direct = new WeakSet<net.Socket>();
const sinks = new WeakMap<net.Socket, DirectSink>();

/**
 * An agent whose connections read into one buffer each, and hand it to whoever has taken a connection over
 * ({@link readDirectly}). Otherwise each 64 KiB of a body come in memory that is allocated and faulted in anew, and pass
 * through the parser, which copies them once more: most of what a read costs.
 */
export class DirectReadsAgent extends http.Agent {
  override createConnection(options: net.NetConnectOpts): net.Socket {
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (count: number, buffer: Uint8Array): boolean => {
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
        const sink = sinks.get(socket);
        if (sink !== undefined) return sink(bytes);
        // Copied: the parser may keep what it is given.
        socket.emit('data', Buffer.from(bytes));
        return true;
      },
    };
    const socket = net.createConnection({ ...options, onread } as net.NetConnectOpts);
    direct.add(socket);
    return socket;
  }
}

/** Whether a connection can be taken over. */
export function canReadDirectly(socket: net.Socket): boolean {
  return direct.has(socket) && !socket.destroyed;
}

/** Takes a connection over for the rest of a body. No parser sees what comes from now on, so it serves no other request. */
export function readDirectly(socket: net.Socket, sink: DirectSink): void {
  sinks.set(socket, sink);
}
