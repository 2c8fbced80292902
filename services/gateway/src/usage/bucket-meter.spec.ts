import { describe, expect, it } from 'vitest';
import { NO_ATTRIBUTES } from '../../test/support/object-bodies.js';
import { bodyOf, MemoryObjectStore } from '../../test/support/memory-object-store.js';
import type { ObjectKey } from '../http/object-key.js';
import type { ListQuery, ObjectListing } from '../objects/listing.js';
import type { ObjectStore, StoreCapabilities } from '../objects/object-store.js';
import type { StorageTree } from '../storage/storage-tree.js';
import { BucketMeter } from './bucket-meter.js';

/** A store of so many objects, each as large as its number. */
function numbered(count: number, asked: ListQuery[]): Pick<ObjectStore, 'list' | 'capabilities'> {
  return {
    capabilities: { multipart: false } as StoreCapabilities,
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

  it('adds the parts of uploads that are under way', async () => {
    const store = new MemoryObjectStore();
    for (const key of ['a', 'b'] as ObjectKey[]) {
      const { uploadId } = await store.multipart.create({ key, attributes: NO_ATTRIBUTES, initiator: 'me' });
      for (const number of [1, 2]) await store.multipart.putPart(key, uploadId, number, bodyOf('0123456789'));
    }
    const meter = new BucketMeter({ storeAt: () => store } as unknown as StorageTree);
    expect(await meter.measure('/a')).toEqual({ size: 40, objects: 0 });
  });

  it('says why it cannot', async () => {
    const storeAt = (): never => {
      throw new Error('no storage is there');
    };
    await expect(new BucketMeter({ storeAt } as unknown as StorageTree).measure('/a')).rejects.toThrow('no storage');
  });
});
