import http from 'node:http';
import net from 'node:net';

/** Bytes that a connection reads at once. */
const READ_BYTES = 256 * 1024;
/** Bytes that it reads at once before it is known what comes: what the parser has of a body cannot go past the process. */
const HEAD_BYTES = 16 * 1024;

/** Who has taken a connection over. */
export interface DirectSink {
  /** Bytes that can be taken next. */
  readonly wanted: number;
  /** Takes the bytes that were read, out of the buffer that they were read into; false where nothing must be read before `resume`. */
  take(bytes: Buffer): boolean;
}

/** What is known of a connection of the agent. */
interface DirectConnection {
  sink?: DirectSink;
  /** Bytes that are read at once without a sink. */
  limit: number;
}

const connections = new WeakMap<net.Socket, DirectConnection>();

/**
 * An agent whose connections read into one buffer each, and hand it to whoever has taken a connection over
 * ({@link readDirectly}). Otherwise each 64 KiB of a body come in memory that is allocated and faulted in anew, and pass
 * through the parser, which copies them once more: most of what a read costs.
 */
export class DirectReadsAgent extends http.Agent {
  override createConnection(options: net.NetConnectOpts): net.Socket {
    const memory = Buffer.allocUnsafeSlow(READ_BYTES);
    const connection: DirectConnection = { limit: HEAD_BYTES };
    const onread = {
      // Asked for at the start, and behind each read, before those who waited for that one go on: for the next read.
      buffer: (): Buffer => memory.subarray(0, connection.sink?.wanted ?? connection.limit),
      callback: (count: number, buffer: Uint8Array): boolean => {
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset, count);
        if (connection.sink !== undefined) return connection.sink.take(bytes);
        // Copied: the parser may keep what it is given.
        socket.emit('data', Buffer.from(bytes));
        return true;
      },
    };
    const socket = net.createConnection({ ...options, onread } as net.NetConnectOpts);
    connections.set(socket, connection);
    return socket;
  }
}

/** Whether a connection can be taken over. */
export function canReadDirectly(socket: net.Socket): boolean {
  return connections.has(socket) && !socket.destroyed;
}

/** Has a connection that is not taken over read as much at once as it can, from the read after the next one on. */
export function readLargePieces(socket: net.Socket): void {
  const connection = connections.get(socket);
  if (connection !== undefined) connection.limit = READ_BYTES;
}

/** Takes a connection over for the rest of a body. No parser sees what comes from now on, so it serves no other request. */
export function readDirectly(socket: net.Socket, sink: DirectSink): void {
  const connection = connections.get(socket);
  if (connection === undefined) throw new Error('The connection is none of the agent.');
  connection.sink = sink;
}
