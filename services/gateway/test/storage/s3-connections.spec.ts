import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ObjectBody } from '../../src/objects/object-body.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import { ROOT } from '../../src/storage/storage-path.js';
import { bodyOfBytes, codeOf, get, listAll, NO_ATTRIBUTES, put } from '../support/object-bodies.js';
import { MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { S3Proxy, stallAfter } from '../support/s3-proxy.js';
import { makeUpstreamBucket, upstreamOptions } from '../support/s3-upstream.js';

const MIB = 1024 * 1024;
const key = (text: string): ObjectKey => text as ObjectKey;

describe('connections to an upstream S3', () => {
  let gateway: RunningGateway;
  let proxy: S3Proxy;
  let storage: S3Storage;
  let store: ObjectStore;

  beforeAll(async () => {
    gateway = await startGateway();
    proxy = await S3Proxy.before(gateway.endpoint);
    await makeUpstreamBucket({ endpoint: gateway.endpoint, ...MAIN }, 'upstream');
  });
  beforeEach(async () => {
    proxy.reset();
    // One connection of each kind.
    const limits = { maxConcurrentRequests: 3, idleTimeoutMs: 20_000 };
    storage = createS3Storage(upstreamOptions({ endpoint: proxy.endpoint, ...MAIN }, limits));
    store = storage.createStore(ROOT);
    await put(store, 'large', Buffer.alloc(6 * MIB, 'large'));
    await put(store, 'medium', Buffer.alloc(20_000));
    await put(store, 'small', 'small');
  });
  afterEach(() => {
    vi.useRealTimers();
    storage.close();
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  });

  it('are there for others while one is read slowly, or written slowly', async () => {
    const slow = await store.open(key('large'));
    const writing = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const body = bodyOfBytes(Buffer.alloc(3 * MIB), {
      before: (at) => {
        if (at < 2 * MIB) return;
        writing.resolve();
        return goOn.promise;
      },
    });
    const written = store.put({ key: key('slow'), body, attributes: NO_ATTRIBUTES, conditions: {} });
    await writing.promise;
    expect((await store.head(key('small'))).size).toBe(5);
    expect(await listAll(store)).toContain('small');
    await put(store, 'meanwhile', 'x');
    goOn.resolve();
    await written;
    await slow.close();
  });

  it.each([
    ['before its bytes were asked for', false],
    ['in the middle', true],
  ])('are not kept by an answer that stalls when its reader has left %s', async (_, begun) => {
    const soon = createS3Storage(
      upstreamOptions({ endpoint: proxy.endpoint, ...MAIN }, { maxConcurrentRequests: 3, idleTimeoutMs: 500 }),
    );
    const impatient = soon.createStore(ROOT);
    proxy.fail('GET', stallAfter(10_000));
    const object = await impatient.open(key('medium'));
    if (begun) {
      const reader = await object.read({ start: 0, end: 20_000 });
      await reader.read(Buffer.alloc(5_000));
      await reader.close();
    } else await object.close();
    expect((await get(impatient, 'small')).toString()).toBe('small');
    soon.close();
  });

  it('are waited for in line, and not for ever', async () => {
    const slow = await store.open(key('large'));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const seen = proxy.count('GET');
    const refused = codeOf(() => get(store, 'small'));
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await refused).toBe('SlowDown');
    expect(proxy.count('GET')).toBe(seen);
    vi.useRealTimers();
    const served = get(store, 'small');
    await slow.close();
    expect((await served).toString()).toBe('small');
  });

  // Within less than others wait in line.
  it('are not waited for by an upload whose client has gone', { timeout: 15_000 }, async () => {
    const writing = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const before = (at: number): Promise<void> | undefined => {
      if (at < 2 * MIB) return undefined;
      writing.resolve();
      return goOn.promise;
    };
    const putWith = (name: string, body: ObjectBody): unknown =>
      store.put({ key: key(name), body, attributes: NO_ATTRIBUTES, conditions: {} });
    const written = putWith('slow', bodyOfBytes(Buffer.alloc(3 * MIB), { before }));
    await writing.promise;
    const gone = bodyOfBytes(Buffer.alloc(3 * MIB), { breakAt: MIB });
    expect(await codeOf(() => putWith('gone', gone))).toContain('went away');
    goOn.resolve();
    await written;
    await put(store, 'next', Buffer.alloc(3 * MIB));
  });
});
