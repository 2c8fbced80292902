import { describe, expect, it, vi } from 'vitest';
import type { StoragePath } from '../storage-path.js';
import { FolderListing, FolderListings } from './folder-listings.js';
import { EntryList } from './entry-list.js';
import type { RemoteEntry } from './remote-entry.js';

const FOLDER = 'd' as StoragePath;

function entry(name: string, kind: 'file' | 'folder' = 'file'): RemoteEntry {
  return { name, kind, size: name.length, mtimeMs: 1_000, identity: `tag-${name}` };
}

describe('FolderListing', () => {
  it('sorts by UTF-8 bytes, folders with their slash, and finds each name again', () => {
    const all = [entry('b'), entry('a', 'folder'), entry('a-b'), entry('\u{1f600}'), entry('\uff61'), entry('b')];
    const listing = new FolderListing(EntryList.of(all));
    expect([...listing].map((name) => Buffer.from(name, 'latin1').toString())).toEqual([
      'a-b',
      'a/',
      'b',
      '\uff61',
      '\u{1f600}',
    ]);
    for (const one of all) expect(listing.find(one.name)).toEqual(one);
    expect(listing.find('c')).toBeUndefined();
  });
});

describe('FolderListings', () => {
  function make(ttlMs: number): {
    listings: FolderListings;
    state: { mark: string; listed: number };
    finish: () => void;
  } {
    const state = { mark: '1', listed: 0 };
    let waiting: (() => void)[] = [];
    const listings = new FolderListings({
      ttlMs,
      markOf: () => state.mark,
      list: async () => {
        state.listed += 1;
        await new Promise<void>((resolve) => waiting.push(resolve));
        return EntryList.of([entry(`listed-${state.listed}`)]);
      },
    });
    const finish = (): void => {
      for (const resolve of waiting) resolve();
      waiting = [];
    };
    return { listings, state, finish };
  }

  it('lists once for all who ask at the same time, and for a while after', async () => {
    const { listings, state, finish } = make(60_000);
    const asked = [listings.get(FOLDER), listings.get(FOLDER)];
    finish();
    await Promise.all(asked);
    await listings.get(FOLDER);
    expect(state.listed).toBe(1);
  });

  it('lists again after a write, also one that came while it was listing', async () => {
    const { listings, state, finish } = make(60_000);
    const first = listings.get(FOLDER);
    state.mark = '2';
    const second = listings.get(FOLDER);
    finish();
    await Promise.all([first, second]);
    expect(state.listed).toBe(2);
    const third = listings.get(FOLDER);
    finish();
    await third;
    state.mark = '3';
    const fourth = listings.get(FOLDER);
    finish();
    await fourth;
    expect(state.listed).toBeGreaterThanOrEqual(3);
  });

  it('serves as long as it was configured, and at least as long as it took', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
    try {
      const { listings, state, finish } = make(5_000);
      const list = async (tookMs: number): Promise<void> => {
        const asked = listings.get(FOLDER);
        vi.advanceTimersByTime(tookMs);
        finish();
        await asked;
      };
      await list(1_000);
      vi.advanceTimersByTime(3_990);
      await list(0);
      expect(state.listed).toBe(1);
      vi.advanceTimersByTime(20);
      await list(10_000);
      expect(state.listed).toBe(2);
      vi.advanceTimersByTime(9_990);
      await list(0);
      expect(state.listed).toBe(2);
      vi.advanceTimersByTime(20);
      await list(0);
      expect(state.listed).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('keeps nothing where it must not, and no failure', async () => {
    const { listings, state, finish } = make(0);
    for (let turn = 1; turn <= 2; turn++) {
      const asked = listings.get(FOLDER);
      finish();
      await asked;
      expect(state.listed).toBe(turn);
    }
    let fails = true;
    const failing = new FolderListings({
      ttlMs: 60_000,
      markOf: () => '',
      list: () => (fails ? Promise.reject(new Error('away')) : Promise.resolve(new EntryList())),
    });
    await expect(failing.get(FOLDER)).rejects.toThrow('away');
    fails = false;
    expect((await failing.get(FOLDER)).length).toBe(0);
  });
});
