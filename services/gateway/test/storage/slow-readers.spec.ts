import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoragePath } from '../../src/storage/storage-path.js';
import { put } from '../support/object-bodies.js';
import { startStandIn } from '../support/stand-in-webdav.js';
import { openWebdav, type WebdavFixture } from '../support/webdav-fixture.js';
import type { WebdavServer } from '../support/webdav-server.js';

const SIZE = 6 * 1024 * 1024;
const PIECE = 64 * 1024;
const place = (name: string): StoragePath => name as StoragePath;

describe('clients that take the bytes of a file slowly', () => {
  let server: WebdavServer;
  let gateway: WebdavFixture;
  beforeEach(async () => {
    server = await startStandIn();
    const traits = { atomicReplace: true, atomicCreate: true };
    // Two for uploads, and of the other two one for reads.
    gateway = openWebdav({ url: server.url, traits, maxConcurrentRequests: 4 });
    const content = Buffer.alloc(SIZE, 'abcdefg');
    for (const name of ['one', 'two']) await put(gateway.store(), name, content);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    gateway.close();
    await server.stop();
  });

  it('keep no others waiting, and get all of them', async () => {
    const { driver } = gateway;
    const first = await driver.open(place('one'));
    await first.prepare?.(0, SIZE);
    const buffer = Buffer.alloc(PIECE);
    let got = await first.read(buffer, 0);
    const pieces = [Buffer.from(buffer.subarray(0, got))];
    // It holds the only slot for reads; looks and listings have others.
    expect(await driver.stat(place('two'))).toMatchObject({ size: SIZE });
    expect([...(await driver.list(place('')))]).toContain('two');
    await put(gateway.store(), 'small', 'x');
    const { now } = performance;
    vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 60_000);
    const second = await driver.open(place('two'));
    await second.prepare?.(0, SIZE);
    expect(await second.read(buffer, 0)).toBe(PIECE);
    await second.close();
    while (got < SIZE) {
      const count = await first.read(buffer, got);
      pieces.push(Buffer.from(buffer.subarray(0, count)));
      got += count;
    }
    await first.close();
    expect(Buffer.concat(pieces).equals(Buffer.alloc(SIZE, 'abcdefg'))).toBe(true);
  });
});
