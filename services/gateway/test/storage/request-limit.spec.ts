import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StorageHttp } from '../../src/storage/http/storage-http.js';

const LIMIT = 4;

describe('maxConcurrentRequests', () => {
  let server: http.Server;
  let url: string;
  const waiting: http.ServerResponse[] = [];

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      request.resume();
      waiting.push(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/file`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('bounds reads and uploads together, and lets all of them through in the end', async () => {
    const limits = { connectTimeoutMs: 2_000, idleTimeoutMs: 10_000, maxConcurrentRequests: LIMIT, retries: 0 };
    const storage = new StorageHttp({ limits });
    const reads = Array.from({ length: 5 }, async () => {
      (await storage.exchange({ method: 'GET', url, idempotent: true })).drop();
    });
    const uploads = Array.from({ length: 5 }, async () => {
      const upload = storage.upload({ method: 'PUT', url, idempotent: false, length: undefined });
      await upload.write(Buffer.from('piece'));
      (await upload.end()).drop();
    });
    await expect.poll(() => waiting.length).toBe(LIMIT);
    let most = 0;
    let done = false;
    const all = Promise.all([...reads, ...uploads]).then(() => (done = true));
    while (!done) {
      // Long enough for one more to come, if one could.
      await new Promise((resolve) => setTimeout(resolve, 50));
      most = Math.max(most, waiting.length);
      for (const response of waiting.splice(0)) response.end('done');
    }
    await all;
    expect(most).toBe(LIMIT);
    storage.close();
  });
});
