import type { ByteRange } from '../byte-range.js';
import type { ObjectReader, OpenObject } from '../object-store.js';
import type { ObjectInfo } from '../object-info.js';
import type { CachedObject } from './object-cache.js';

/** An object read from memory. */
export class CachedOpenObject implements OpenObject {
  constructor(private readonly object: CachedObject) {}

  get info(): ObjectInfo {
    return this.object.info;
  }

  read({ start, end }: ByteRange): ObjectReader {
    const { content: whole } = this.object;
    const rest = start === 0 && end === whole.length ? whole : whole.subarray(start, end);
    let position = 0;
    return {
      content: rest,
      read: (buffer) => {
        const count = rest.copy(buffer, 0, position);
        position += count;
        return count;
      },
      close: () => undefined,
    };
  }

  close(): void {}
}
