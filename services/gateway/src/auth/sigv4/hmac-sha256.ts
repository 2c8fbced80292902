import { hash } from 'node:crypto';

const BLOCK = 64;
const DIGEST = 32;

// One for all keys: signing is synchronous, and longer messages than this are rare enough to allocate.
const scratch = Buffer.allocUnsafe(BLOCK + 1024);

/**
 * An HMAC-SHA-256 key with its pads prepared (RFC 2104). Two plain hashes over them take a third of the time of
 * `createHmac`, which builds its context anew for each message.
 */
export class HmacSha256Key {
  private readonly inner = Buffer.alloc(BLOCK, 0x36);
  /** The outer pad, and room for the inner digest behind it. */
  private readonly outer = Buffer.alloc(BLOCK + DIGEST, 0x5c);

  constructor(key: string | Uint8Array) {
    let bytes = typeof key === 'string' ? Buffer.from(key) : key;
    if (bytes.length > BLOCK) bytes = hash('sha256', bytes, 'buffer');
    for (let i = 0; i < bytes.length; i++) {
      this.inner[i] = bytes[i]! ^ 0x36;
      this.outer[i] = bytes[i]! ^ 0x5c;
    }
  }

  /** @param message hashed as UTF-8 */
  digest(message: string): Buffer {
    return hash('sha256', this.outerFor(message), 'buffer');
  }

  /** The same as lower-case hex, for which no memory outside the heap has to be made and given back. */
  hexDigest(message: string): string {
    return hash('sha256', this.outerFor(message), 'hex');
  }

  private outerFor(message: string): Buffer {
    // A UTF-16 unit takes at most three bytes.
    const room = BLOCK + message.length * 3;
    const buffer = room <= scratch.length ? scratch : Buffer.allocUnsafe(room);
    this.inner.copy(buffer);
    const length = BLOCK + buffer.write(message, BLOCK, 'utf8');
    this.outer.write(hash('sha256', buffer.subarray(0, length), 'binary'), BLOCK, 'latin1');
    return this.outer;
  }
}
