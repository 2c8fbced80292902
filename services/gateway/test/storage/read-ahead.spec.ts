import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ListQuery } from '../../src/objects/listing.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { LocalDriver } from '../../src/storage/local/local-driver.js';
import { put } from '../support/object-bodies.js';
import { makeStorage, type StorageFixture } from '../support/storage-fixture.js';

const SECOND: ListQuery = { prefix: '', delimiter: '', startAfter: 'k09', limit: 10 };
const THIRD: ListQuery = { ...SECOND, startAfter: 'k19' };

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

let fixture: StorageFixture;
let store: ObjectStore;

beforeEach(() => {
  fixture = makeStorage({ metadata: 'xattr' });
  store = fixture.store();
  // What has just been written may change in the same tick, and is not kept.
  const later = Date.now() + 60_000;
  vi.spyOn(Date, 'now').mockReturnValue(later);
});

afterEach(() => {
  vi.restoreAllMocks();
  fixture.close();
});

async function rowsOf(page: ListQuery): Promise<ReadonlyMap<string, string>> {
  const { entries } = await store.list(page);
  return new Map(entries.map((entry) => (entry.kind === 'object' ? [entry.object.key, entry.object.etag] : ['', ''])));
}

/** Lists the second page, and waits until the third has been looked at. */
async function lookAhead(): Promise<number> {
  const warm = vi.spyOn(LocalDriver.prototype, 'warm');
  await store.list(SECOND);
  await expect.poll(() => warm).toHaveBeenCalled();
  await warm.mock.results[0]?.value;
  return warm.mock.calls[0]?.[1].length ?? 0;
}

describe('a page that was looked at ahead', () => {
  it('shows what has changed since', async () => {
    for (let i = 0; i < 40; i++) await put(store, `k${String(i).padStart(2, '0')}`, `v${i}`);
    expect(await lookAhead()).toBe(10);
    await put(store, 'k21', 'by S3');
    fs.appendFileSync(`${fixture.root}/k22`, 'by another program');
    fs.writeFileSync(`${fixture.root}/new`, 'renamed');
    fs.renameSync(`${fixture.root}/new`, `${fixture.root}/k23`);
    await store.delete('k24' as ObjectKey, {});
    const rows = await rowsOf(THIRD);
    expect(rows.get('k20')).toBe(md5('v20'));
    expect(rows.get('k21')).toBe(md5('by S3'));
    expect(rows.get('k22')).toMatch(/-1$/);
    expect(rows.get('k23')).toMatch(/-1$/);
    expect([...rows.keys()]).toEqual([
      'k20',
      'k21',
      'k22',
      'k23',
      ...['25', '26', '27', '28', '29', '30'].map((n) => `k${n}`),
    ]);
  });

  it('is only the third and later ones, while more follow', async () => {
    const warm = vi.spyOn(LocalDriver.prototype, 'warm');
    for (let i = 0; i < 15; i++) await put(store, `k${String(i).padStart(2, '0')}`, 'v');
    await store.list({ ...SECOND, startAfter: '' });
    await store.list(SECOND);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warm).not.toHaveBeenCalled();
  });
});
