import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pumpBody } from '../../src/http/response-pump.js';
import type { ObjectReader } from '../../src/objects/object-store.js';

/** What a client got of an object. */
export interface PumpedBody {
  readonly bytes: Buffer;
  /** Bytes that went past the process. */
  readonly past: number;
}

/**
 * Sends what a reader gives to a client over a connection, as an answer to GET.
 *
 * @param each called with each chunk that the client has got, which waits for it
 * @throws what the reader throws
 */
export async function pumped(
  reader: ObjectReader,
  length: number,
  each: (chunk: Buffer, answer: IncomingMessage) => Promise<void> | void = () => undefined,
): Promise<PumpedBody> {
  let past = 0;
  const { send } = reader;
  const counting: ObjectReader = {
    read: (buffer) => reader.read(buffer),
    ...(send && {
      send: async (connection, most) => {
        const sent = await send.call(reader, connection, most);
        past += sent ?? 0;
        return sent;
      },
    }),
    close: () => reader.close(),
  };
  const server = http.createServer();
  const answered = once(server, 'request').then(([, response]) => answer(response as ServerResponse, counting, length));
  answered.catch(() => undefined);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const [got] = (await once(http.get({ port, host: '127.0.0.1', agent: false }), 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of got as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        await each(chunk, got);
      }
    } catch {
      // Broken off: by the pump, which says why, or by the client.
    }
    await answered;
    return { bytes: Buffer.concat(chunks), past };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function answer(response: ServerResponse, reader: ObjectReader, length: number): Promise<void> {
  response.writeHead(200, { 'Content-Length': length });
  try {
    await pumpBody(response, { reader, length });
    response.end();
  } catch (error) {
    response.destroy();
    throw error;
  }
}
