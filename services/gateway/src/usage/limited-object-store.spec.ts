import { beforeEach, describe, expect, it } from 'vitest';
import { bodyOf, MemoryObjectStore } from '../../test/support/memory-object-store.js';
import { codeOf } from '../../test/support/operation-context.js';
import type { BucketQuota } from '../config/snapshot.js';
import type { ObjectKey } from '../http/object-key.js';
import { NO_CONDITIONS } from '../objects/conditions.js';
import type { PartInfo } from '../objects/multipart-store.js';
import type { ObjectBody } from '../objects/object-body.js';
import type { ObjectInfo } from '../objects/object-info.js';
import { BucketRoom } from './bucket-room.js';
import { LimitedObjectStore } from './limited-object-store.js';
import { UsageLedger } from './usage-ledger.js';

const PATH = '/photos';
const NO_ATTRIBUTES = { headers: {}, metadata: {}, tags: [] };

describe('LimitedObjectStore', () => {
  let memory: MemoryObjectStore;
  let ledger: UsageLedger;
  beforeEach(() => {
    memory = new MemoryObjectStore();
    ledger = new UsageLedger(() => {});
  });

  /** As if the objects had been counted a moment ago. */
  function count(observedAt = Date.now()): void {
    const infos = [...memory.objects.values()].map(({ info }) => info);
    const size = infos.reduce((sum, info) => sum + info.size, 0);
    ledger.learn([{ path: PATH, size, objects: infos.length, observedAt }]);
  }

  function storeWith(quota: Partial<BucketQuota>): LimitedObjectStore {
    const complete: BucketQuota = { mode: 'enforce', ...quota };
    return new LimitedObjectStore(memory, new BucketRoom(ledger, PATH, complete, (key) => memory.head(key)));
  }

  function put(store: LimitedObjectStore, key: string, body: ObjectBody | string): Promise<string | undefined> {
    const request = {
      key: key as ObjectKey,
      body: typeof body === 'string' ? bodyOf(body) : body,
      attributes: NO_ATTRIBUTES,
      conditions: NO_CONDITIONS,
    };
    return codeOf(() => store.put(request));
  }

  /** A body that must not be looked at. */
  const untouched = (length: number): ObjectBody => ({
    length,
    transfer: () => Promise.reject(new Error('its bytes were asked for')),
  });

  it('refuses what does not fit before its bytes are asked for', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    expect(await put(store, 'a', '0123456789')).toBeUndefined();
    expect(await put(store, 'b', untouched(1))).toBe('QuotaExceeded');
  });

  it('refuses one object too many', async () => {
    const store = storeWith({ maxObjects: 1 });
    count();
    expect(await put(store, 'a', 'a')).toBeUndefined();
    expect(await put(store, 'b', untouched(0))).toBe('QuotaExceeded');
    expect(await put(store, 'a', 'anew')).toBeUndefined();
  });

  it('counts a key that is written again once', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    for (let n = 0; n < 5; n++) expect(await put(store, 'a', '01234567')).toBeUndefined();
    expect(await put(store, 'b', '01')).toBeUndefined();
    expect(await put(store, 'c', untouched(1))).toBe('QuotaExceeded');
  });

  it('has room again for what was written and deleted since the objects were counted', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    await put(store, 'a', '0123456789');
    await store.delete('a' as ObjectKey, NO_CONDITIONS);
    expect(await put(store, 'b', '0123456789')).toBeUndefined();
  });

  it('lets a full bucket replace an object by one that is no larger', async () => {
    await put(storeWith({ mode: 'report' }), 'old', '0123456789');
    const store = storeWith({ maxBytes: 5, maxObjects: 1 });
    count();
    expect(await put(store, 'old', '012345')).toBeUndefined();
    expect(await put(store, 'old', untouched(11))).toBe('QuotaExceeded');
  });

  it('gives the room back that a failed write held', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    const failing: ObjectBody = { length: 10, transfer: () => Promise.reject(new Error('it went away')) };
    await expect(put(store, 'a', failing)).rejects.toThrow('it went away');
    expect(await put(store, 'a', '0123456789')).toBeUndefined();
  });

  it('does not let writes that run at once use the same room', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    const outcomes = await Promise.all(['a', 'b', 'c'].map((key) => put(store, key, '012345')));
    expect(outcomes.filter((code) => code === undefined)).toHaveLength(1);
  });

  it('cuts a body of unknown length off where the room ends', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    const unknown = (text: string): ObjectBody => ({ ...bodyOf(text), length: undefined });
    expect(await put(store, 'a', unknown('0123456789a'))).toBe('QuotaExceeded');
    expect(memory.objects.size).toBe(0);
    expect(await put(store, 'a', unknown('0123456789'))).toBeUndefined();
    expect(await put(store, 'b', { ...untouched(0), length: undefined })).toBe('QuotaExceeded');
    expect(await put(store, 'a', unknown('9876543210'))).toBeUndefined();
  });

  it('takes away once what writes that run at once replace', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    await put(store, 'a', '01234567');
    await Promise.all(['1', '2', '3'].map((text) => put(store, 'a', text)));
    expect(ledger.left(PATH, { maxBytes: 10, mode: 'enforce' })).toBe(9);
  });

  it('takes away once what is deleted while it is written anew', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    await put(store, 'a', '01234567');
    const { transfer } = bodyOf('x');
    const body: ObjectBody = {
      length: 1,
      transfer: async (sink) => {
        await store.delete('a' as ObjectKey, NO_CONDITIONS);
        return await transfer(sink);
      },
    };
    await put(store, 'a', body);
    expect(ledger.left(PATH, { maxBytes: 10, mode: 'enforce' })).toBe(9);
  });

  it('refuses nothing where it only reports', async () => {
    const store = storeWith({ maxBytes: 1, maxObjects: 1, mode: 'report' });
    count();
    for (const key of ['a', 'b']) expect(await put(store, key, 'much')).toBeUndefined();
    expect(ledger.left(PATH, { maxBytes: 1, mode: 'report' })).toBe(-7);
  });

  it('always deletes', async () => {
    const store = storeWith({ maxBytes: 10 });
    count();
    await put(store, 'a', '0123456789');
    ledger.learn([{ path: PATH, size: 99, objects: 99, observedAt: 1 }]);
    await store.delete('a' as ObjectKey, NO_CONDITIONS);
    expect(memory.objects.size).toBe(0);
  });

  describe('of an upload in parts', () => {
    const key = 'large' as ObjectKey;
    const create = (store: LimitedObjectStore) =>
      store.multipart.create({ key, attributes: NO_ATTRIBUTES, initiator: 'A' });

    async function upload(store: LimitedObjectStore, ...parts: string[]): Promise<string | undefined> {
      const { uploadId } = await create(store);
      const stored: PartInfo[] = [];
      for (const [index, text] of parts.entries()) {
        stored.push(await store.multipart.putPart(key, uploadId, index + 1, bodyOf(text)));
      }
      return await codeOf(() => store.multipart.complete({ key, uploadId, parts: stored, conditions: NO_CONDITIONS }));
    }

    it('refuses its begin where the bucket is full', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      await put(store, 'a', '0123456789');
      expect(await codeOf(() => create(store))).toBe('QuotaExceeded');
    });

    it('refuses a part that does not fit by itself, before its bytes are asked for', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      const { uploadId } = await create(store);
      const part = store.multipart.putPart(key, uploadId, 1, untouched(11));
      expect(await codeOf(() => part)).toBe('QuotaExceeded');
    });

    it('counts its parts while it is under way, and its object once it is complete', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      const { uploadId } = await create(store);
      const stored = await store.multipart.putPart(key, uploadId, 1, bodyOf('012345'));
      expect(await put(store, 'b', untouched(5))).toBe('QuotaExceeded');
      expect(await codeOf(() => store.multipart.putPart(key, uploadId, 2, untouched(5)))).toBe('QuotaExceeded');
      expect(await put(store, 'b', '6789')).toBeUndefined();
      await store.multipart.complete({ key, uploadId, parts: [stored], conditions: NO_CONDITIONS });
      expect(await put(store, 'c', untouched(1))).toBe('QuotaExceeded');
      await store.delete('b' as ObjectKey, NO_CONDITIONS);
      expect(await put(store, 'c', '6789')).toBeUndefined();
    });

    it('counts a part that is sent again once, whoever sent it before', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      const { uploadId } = await create(store);
      for (let n = 0; n < 5; n++) await store.multipart.putPart(key, uploadId, 1, bodyOf('01234567'));
      // Another process, which knows only what was counted.
      ledger = new UsageLedger(() => {});
      ledger.learn([{ path: PATH, size: 8, objects: 0, observedAt: 1 }]);
      await storeWith({ maxBytes: 10 }).multipart.putPart(key, uploadId, 1, bodyOf('0123456789'));
      expect(ledger.left(PATH, { maxBytes: 10, mode: 'enforce' })).toBe(0);
    });

    it('has the room of its parts again once it is aborted, or where the object leaves them out', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      const aborted = await create(store);
      await store.multipart.putPart(key, aborted.uploadId, 1, bodyOf('0123456789'));
      await store.multipart.abort(key, aborted.uploadId);
      const { uploadId } = await create(store);
      const [part] = await Promise.all(
        [1, 2].map((number) => store.multipart.putPart(key, uploadId, number, bodyOf('01234'))),
      );
      await store.multipart.complete({ key, uploadId, parts: [part as PartInfo], conditions: NO_CONDITIONS });
      expect(await put(store, 'b', '56789')).toBeUndefined();
    });

    it('has that room once, however many requests end it, and whatever they replace', async () => {
      const store = storeWith({ maxBytes: 40 });
      count();
      await put(store, 'large', '0123456789');
      const { uploadId } = await create(store);
      const [part] = await Promise.all(
        [1, 2].map((number) => store.multipart.putPart(key, uploadId, number, bodyOf('01234'))),
      );
      const complete = memory.multipart.complete.bind(memory.multipart);
      let made: Promise<ObjectInfo> | undefined;
      // As a store answers a request that is sent again.
      memory.multipart.complete = (sent) => (made ??= complete(sent));
      const request = { key, uploadId, parts: [part as PartInfo], conditions: NO_CONDITIONS };
      await Promise.all([1, 2, 3].map(() => store.multipart.complete(request)));
      expect(ledger.left(PATH, { maxBytes: 40, mode: 'enforce' })).toBe(35);
    });

    it('counts its parts where a quota only reports', async () => {
      const store = storeWith({ maxBytes: 10, mode: 'report' });
      count();
      expect(await upload(store, '012345', '6789a')).toBeUndefined();
      expect(ledger.left(PATH, { maxBytes: 20, mode: 'report' })).toBe(9);
    });

    it('leaves it to the store to say that there is none', async () => {
      const store = storeWith({ maxBytes: 10 });
      count();
      const request = { key, uploadId: 'none', parts: [{ number: 1, etag: 'e' }], conditions: NO_CONDITIONS };
      expect(await codeOf(() => store.multipart.complete(request))).toBe('NoSuchUpload');
    });
  });
});
