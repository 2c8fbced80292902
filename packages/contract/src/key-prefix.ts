import { MAX_PREFIX_BYTES } from './limits.js';

/** What a key prefix must be, for messages. */
export const KEY_PREFIX_RULE = `the beginning of object keys, at most ${MAX_PREFIX_BYTES} bytes, such as "team-a/"`;

/** Whether text can be the beginning of an object key; empty text is the beginning of all. */
export function isKeyPrefix(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    text.isWellFormed() &&
    !text.includes('\0') &&
    Buffer.byteLength(text) <= MAX_PREFIX_BYTES
  );
}
