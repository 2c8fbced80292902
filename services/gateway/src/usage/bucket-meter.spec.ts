import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../http/object-key.js';
import type { ListQuery, ObjectListing } from '../objects/listing.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { StorageTree } from '../storage/storage-tree.js';
import { BucketMeter } from './bucket-meter.js';

/** A store of so many objects, each as large as its number. */
function numbered(count: number, asked: ListQuery[]): Pick<ObjectStore, 'list'> {
  return {
    list: (query): ObjectListing => {
      asked.push(query);
      const from = query.startAfter === '' ? 0 : Number(query.startAfter) + 1;
      const to = Math.min(count, from + query.limit);
      const entries = Array.from({ length: to - from }, (_, index) => {
        const key = String(from + index).padStart(6, '0') as ObjectKey;
        const object = { key, size: from + index, lastModified: new Date(0), etag: 'e' };
        return { kind: 'object', object } as const;
      });
      return { entries, truncated: to < count };
    },
  };
}

describe('BucketMeter', () => {
  it.each([
    [0, 0],
    [1, 0],
    [1000, 499_500],
    [2500, 3_123_750],
  ])('adds up %i objects, page by page', async (count, size) => {
    const asked: ListQuery[] = [];
    const paths: string[] = [];
    const storeAt = (path: string): ObjectStore => {
      paths.push(path);
      return numbered(count, asked) as ObjectStore;
    };
    const meter = new BucketMeter({ storeAt } as unknown as StorageTree);
    expect(await meter.measure('/a')).toEqual({ size, objects: count });
    expect(paths).toEqual(['/a']);
    expect(asked).toHaveLength(Math.max(1, Math.ceil(count / 1000)));
    expect(asked.every(({ limit }) => limit === 1000)).toBe(true);
  });

  it('says why it cannot', async () => {
    const storeAt = (): never => {
      throw new Error('no storage is there');
    };
    await expect(new BucketMeter({ storeAt } as unknown as StorageTree).measure('/a')).rejects.toThrow('no storage');
  });
});
