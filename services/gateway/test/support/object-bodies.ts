import { hash } from 'node:crypto';
import { S3Error } from '../../src/errors/s3-error.js';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ObjectAttributes, ObjectInfo } from '../../src/objects/object-info.js';
import type { ObjectBody } from '../../src/objects/object-body.js';
import type { ObjectStore, OpenObject, PutObject } from '../../src/objects/object-store.js';

export const NO_ATTRIBUTES: ObjectAttributes = { headers: {}, metadata: {}, tags: [] };

/** How a body comes. */
export interface BodyShape {
  /** Bytes a piece. */
  readonly pieceSize?: number;
  /** Bytes after which it breaks off, as the real one does: without waiting for the write that is under way. */
  readonly breakAt?: number;
  /** What happens before a piece is handed on. */
  readonly before?: (position: number) => Promise<void> | void;
}

/** A body of given bytes, as if it had been decoded already. */
export function bodyOfBytes(bytes: Buffer | string, shape: BodyShape = {}): ObjectBody {
  const content = Buffer.from(bytes);
  const { pieceSize = 1024 * 1024, breakAt = Infinity, before } = shape;
  return {
    length: content.length,
    transfer: async (sink) => {
      for (let at = 0; at < content.length; at += pieceSize) {
        await before?.(at);
        const written = sink.write(Buffer.from(content.subarray(at, at + pieceSize)));
        if (at + pieceSize >= breakAt) {
          void Promise.resolve(written).catch(() => undefined);
          throw new Error('the client went away');
        }
        await written;
      }
      return { size: content.length, md5: hash('md5', content) };
    },
  };
}

export function put(
  store: ObjectStore,
  key: string,
  bytes: Buffer | string,
  more: Partial<Omit<PutObject, 'key' | 'body'>> = {},
): ReturnType<ObjectStore['put']> {
  return store.put({
    key: key as ObjectKey,
    body: bodyOfBytes(bytes),
    attributes: NO_ATTRIBUTES,
    conditions: {},
    ...more,
  });
}

/** All bytes of an open object, which is closed then. */
export async function readAll(object: OpenObject, start = 0, end = object.info.size): Promise<Buffer> {
  let reader;
  try {
    reader = await object.read({ start, end });
  } catch (error) {
    await object.close();
    throw error;
  }
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(256 * 1024);
  try {
    for (;;) {
      const count = await reader.read(buffer);
      if (count === 0) return Buffer.concat(chunks);
      chunks.push(Buffer.from(buffer.subarray(0, count)));
    }
  } finally {
    await reader.close();
  }
}

export async function get(store: ObjectStore, key: string): Promise<Buffer> {
  return readAll(await store.open(key as ObjectKey));
}

/** An object and its bytes, both of one version: opened again where it was replaced before they could be read, as a client would. */
export async function getWhole(store: ObjectStore, key: string): Promise<{ info: ObjectInfo; bytes: Buffer }> {
  for (;;) {
    const open = await store.open(key as ObjectKey);
    try {
      return { info: open.info, bytes: await readAll(open) };
    } catch (error) {
      const replaced =
        store.capabilities.pinnedReads === false && error instanceof S3Error && error.code === 'SlowDown';
      if (!replaced) throw error;
    }
  }
}

/** The code of the S3Error or StorageError that an action fails with; 'none' where it does not. */
export async function codeOf(action: () => unknown): Promise<string> {
  try {
    await action();
    return 'none';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  }
}

/** Every key and common prefix of a listing, page by page. */
export async function listAll(
  store: ObjectStore,
  query: { prefix?: string; delimiter?: string; startAfter?: string; limit?: number } = {},
): Promise<string[]> {
  const { prefix = '', delimiter = '', limit = 1000 } = query;
  let { startAfter = '' } = query;
  const all: string[] = [];
  for (;;) {
    const { entries, truncated } = await store.list({ prefix, delimiter, startAfter, limit });
    for (const entry of entries) all.push(entry.kind === 'prefix' ? entry.prefix : entry.object.key);
    if (!truncated) return all;
    if (entries.length === 0) throw new Error('an empty page that says that more follows');
    startAfter = all.at(-1) as string;
  }
}
