import { once } from 'node:events';
import http, { type ServerResponse } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lentPieces } from '../body/piece-pool.js';
import { findLibc } from '../native/libc.js';
import { takenBytes } from '../native/taken-bytes.js';
import type { ObjectReader } from '../objects/object-store.js';
import { pumpBody } from './response-pump.js';

/** More than the buffers of both ends hold. */
const LENGTH = 64 * 1024 * 1024;
const MINUTE_MS = 60_000;

const READER: ObjectReader = {
  read: (buffer) => Promise.resolve(buffer.fill(7).length),
  close: () => undefined,
};

describe('a large answer', () => {
  let server: http.Server;
  let client: Socket;
  let connection: Socket;
  let outcome: Promise<number>;

  beforeEach(async () => {
    // Those of connections and of the poll are others.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
    server = http.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    client = net.connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
    client.on('error', () => undefined);
    const requested = once(server, 'request');
    client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const response = (await requested)[1] as ServerResponse;
    connection = response.req.socket;
    response.writeHead(200, { 'Content-Length': LENGTH });
    outcome = pumpBody(response, { reader: READER, length: LENGTH });
    await full();
  });
  afterEach(async () => {
    vi.useRealTimers();
    client.destroy();
    await outcome;
    expect(lentPieces()).toBe(0);
    server.closeAllConnections();
    server.close();
  });

  function waiting(): number {
    const { _handle: handle } = connection as unknown as { _handle: { writeQueueSize: number } };
    return handle.writeQueueSize;
  }

  /** The client takes nothing, and the buffers on the way to it hold no more. */
  async function full(): Promise<void> {
    let before = -1;
    await expect
      .poll(() => {
        const taken = takenBytes(connection);
        const settled = waiting() > 0 && taken === before;
        before = taken;
        return settled;
      })
      .toBe(true);
  }

  it('is broken off where the client takes nothing for two minutes', async () => {
    vi.advanceTimersByTime(2 * MINUTE_MS - 1);
    expect(connection.destroyed).toBe(false);
    vi.advanceTimersByTime(MINUTE_MS);
    expect(connection.destroyed).toBe(true);
  });

  it.skipIf(findLibc() === undefined)(
    'goes on to a client that takes a little every minute (needs Linux)',
    async () => {
      const written = connection.bytesWritten;
      for (let minute = 0; minute < 10; minute++) {
        vi.advanceTimersByTime(MINUTE_MS);
        expect(connection.destroyed).toBe(false);
        const before = takenBytes(connection);
        await expect
          .poll(() => {
            client.read(16 * 1024);
            return takenBytes(connection);
          })
          .toBeGreaterThan(before);
      }
      // All the time the same piece, of which the kernel has taken no more.
      expect(connection.bytesWritten).toBe(written);
    },
  );

  it('counts no piece as sent that the connection did not take', async () => {
    const taken = connection.bytesWritten - waiting();
    client.destroy();
    expect(await outcome).toBeLessThanOrEqual(taken);
  });
});
