import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { S3Error } from '../errors/s3-error.js';
import { StorageMetrics } from '../observability/storage-observer.js';
import { StorageHealth } from './health/storage-health.js';
import { StorageError, type StorageErrorCode } from './storage-error.js';
import { WatchedCalls } from './watched-calls.js';

describe('WatchedCalls', () => {
  let registry: Registry;
  let health: StorageHealth;
  let calls: WatchedCalls;

  beforeEach(async () => {
    registry = new Registry();
    const metrics = new StorageMetrics(registry);
    health = new StorageHealth({
      mount: '/dav',
      kind: 'webdav',
      probe: () => Promise.reject(new StorageError('unavailable', 'It does not answer.')),
      failFast: true,
      changed: ({ mount, kind, state }) => metrics.up(mount, kind, state === 'ready'),
      refused: () => metrics.refused('/dav', 'webdav'),
    });
    calls = new WatchedCalls('webdav', health, metrics);
    await health.refresh(0);
  });

  async function fail(error: Error, how: 'at once' | 'later' = 'later'): Promise<unknown> {
    try {
      await calls.timed('open', () => {
        if (how === 'at once') throw error;
        return Promise.reject(error);
      });
    } catch (caught) {
      return caught;
    }
    return undefined;
  }

  it.each(['at once', 'later'] as const)(
    'refuses further calls once one failed %s while the storage is down',
    async (how) => {
      const error = new StorageError('unavailable', 'cut');
      expect(await fail(error, how)).toBe(error);
      let reached = false;
      expect(() => calls.timed('list', () => (reached = true))).toThrow(StorageError);
      expect(reached).toBe(false);
      const text = await registry.metrics();
      expect(text).toContain(
        'bucketway_storage_call_failures_total{storage="webdav",call="open",code="unavailable"} 1',
      );
      expect(text).toContain('bucketway_storage_refused_total{mount="/dav",kind="webdav"} 1');
      expect(text).toContain('bucketway_storage_up{mount="/dav",kind="webdav"} 0');
    },
  );

  it.each(['not-found', 'exists', 'is-folder', 'name-too-long'] satisfies StorageErrorCode[])(
    'takes %s for an answer',
    async (code) => {
      await fail(new StorageError(code, 'x'));
      expect(health.suspect).toBe(false);
      expect(await registry.metrics()).not.toContain(`code="${code}"`);
    },
  );

  it('ends its suspicion with what is answered, also by an upstream that refuses', async () => {
    const up = new StorageHealth({
      mount: '/up',
      kind: 's3',
      probe: () => Promise.resolve(),
      failFast: true,
      changed: () => undefined,
      refused: () => undefined,
    });
    const upstream = new WatchedCalls('s3', up, new StorageMetrics(new Registry()));
    for (const answer of [() => Promise.resolve(1), () => 1]) {
      up.requestUnavailable();
      await upstream.watched('head', answer);
      expect(up.suspect).toBe(false);
    }
    up.requestUnavailable();
    await expect(async () =>
      upstream.watched('head', () => Promise.reject(new S3Error('NoSuchKey'))),
    ).rejects.toThrow();
    expect(up.suspect).toBe(false);
  });

  it('times what takes a promise and what does not', async () => {
    await calls.timed('list', () => Promise.resolve(1));
    await calls.timed('list', () => 1);
    await calls.watched('stat', () => 1);
    const text = await registry.metrics();
    expect(text).toContain('bucketway_storage_call_duration_seconds_count{storage="webdav",call="list"} 2');
    expect(text).not.toContain('call="stat"');
  });
});
