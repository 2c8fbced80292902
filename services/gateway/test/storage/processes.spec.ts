import fs from 'node:fs';
import { hash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import { codeOf, get, listAll, put, readAll } from '../support/object-bodies.js';
import { leftovers, makeStorage, openStorage, type StorageFixture } from '../support/storage-fixture.js';
import { StoreProcess } from '../support/store-process.js';
import { versionOf, type WorkerOrder } from '../support/store-worker.js';

describe('several processes on one folder', () => {
  let fixture: StorageFixture;
  let children: StoreProcess[] = [];

  afterEach(async () => {
    await Promise.all(children.map((child) => child.kill()));
    children = [];
    fixture.close();
  });

  function start(
    task: WorkerOrder['task'],
    count: number,
    name: string,
    metadata: 'xattr' | 'sidecar' = 'xattr',
  ): StoreProcess {
    const child = new StoreProcess({ root: fixture.root, metadata, task, count, name });
    children.push(child);
    return child;
  }

  it('create each key exactly once', async () => {
    fixture = makeStorage();
    const workers = ['one', 'two', 'three'].map((name) => start('create', 60, name));
    await Promise.all(workers.map((worker) => worker.done()));
    const winners = new Map<string, number[]>();
    for (const [i, worker] of workers.entries()) {
      for (const { key, code } of worker.reports) {
        expect(['none', 'PreconditionFailed']).toContain(code);
        if (code === 'none') winners.set(String(key), [...(winners.get(String(key)) ?? []), i]);
      }
    }
    expect(winners.size).toBe(60);
    for (const [key, [winner, ...others]] of winners) {
      expect(others).toEqual([]);
      expect((await get(fixture.store(), key)).toString()).toBe(['one', 'two', 'three'][winner as number]);
    }
  });

  it.each(['xattr', 'sidecar'] as const)('lose no update of one another (%s)', async (metadata) => {
    fixture = makeStorage({ metadata });
    await put(fixture.store(), 'n', '0');
    const workers = ['one', 'two', 'three'].map((name) => start('increment', 40, name, metadata));
    await Promise.all(workers.map((worker) => worker.done()));
    expect(workers.flatMap((worker) => worker.reports)).toEqual([]);
    expect((await get(fixture.store(), 'n')).toString()).toBe('120');
  });

  it('make folders while others prune them', async () => {
    fixture = makeStorage();
    const workers = ['one', 'two'].map((name) => start('churn', 1000, name));
    await Promise.all(workers.map((worker) => worker.done()));
    expect(workers.map((worker) => worker.reports)).toEqual([[{ done: true }], [{ done: true }]]);
    expect(fs.readdirSync(fixture.root)).toEqual(['.bucketway']);
    expect(leftovers(fixture.root)).toEqual([]);
  });

  it.each(['xattr', 'sidecar'] as const)(
    'are killed in the middle of writing, and nothing that was acknowledged is lost (%s)',
    async (metadata) => {
      fixture = makeStorage({ metadata });
      const acknowledged = new Map<string, number>();
      for (let round = 0; round < 8; round++) {
        const first = round * 1000;
        const child = start('write', first, 'w', metadata);
        // Anywhere in the third and fourth piece of work.
        await child.reported(7 + (round % 4));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 25));
        await child.kill();
        for (const { key, version } of child.reports)
          if (key !== undefined) acknowledged.set(String(key), Number(version));
        const begun = Math.max(...child.reports.map(({ version }) => Number(version))) + 1;
        const store = openStorage(fixture.root, { metadata });
        try {
          expect(await listAll(store.store())).toEqual(['w/large', 'w/small']);
          for (const [key, version] of acknowledged) {
            const open = await store.store().open(key as ObjectKey);
            const bytes = await readAll(open);
            const seen = Number(/ (\d+)\n/.exec(bytes.toString('latin1', 0, 50))?.[1]);
            expect(seen).toBeGreaterThanOrEqual(version);
            expect(seen).toBeLessThanOrEqual(begun);
            const whole =
              key === 'w/small'
                ? versionOf('w', seen, 3000 + (seen % 7) * 40_000)
                : versionOf('w', seen, 5 * 1024 * 1024 + 1);
            const expected = key === 'w/small' ? whole : Buffer.concat([whole, whole.subarray(0, 1000)]);
            expect(bytes.equals(expected)).toBe(true);
            const md5s = [whole, whole.subarray(0, 1000)].map((part) => hash('md5', part)).join('');
            const etag = key === 'w/small' ? hash('md5', whole) : `${hash('md5', Buffer.from(md5s, 'hex'))}-2`;
            expect(open.info.etag).toBe(etag);
          }
          // What the dead process held or left is in nobody's way, and goes.
          expect(
            await codeOf(() => put(store.store(), 'w/small', versionOf('w', begun, 3000 + (begun % 7) * 40_000))),
          ).toBe('none');
          acknowledged.set('w/small', begun);
          await expect.poll(() => leftovers(fixture.root)).toEqual([]);
          const page = await store
            .store()
            .multipart.listUploads({ prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 });
          for (const entry of page.entries) {
            if (entry.kind === 'upload') await store.store().multipart.abort(entry.upload.key, entry.upload.uploadId);
          }
        } finally {
          store.close();
        }
      }
    },
  );
});
