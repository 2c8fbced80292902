import { MAX_TREE_PATH_BYTES } from './limits.js';

/** What a path in the tree must be, for messages. */
export const TREE_PATH_RULE =
  'an absolute path in the tree such as "/team-a/photos", without ".", "..", empty segments or a slash at its end';

/**
 * Whether text is a path in the tree of storages: `/`, or segments that are not empty, `.` or `..`, each behind one
 * slash. No control characters and no backslash, so that no storage can read it as another path.
 */
export function isTreePath(text: unknown): text is string {
  if (typeof text !== 'string' || !text.startsWith('/') || !text.isWellFormed()) return false;
  if (Buffer.byteLength(text) > MAX_TREE_PATH_BYTES) return false;
  if (text === '/') return true;
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f\\]/.test(text)) return false;
  return text
    .slice(1)
    .split('/')
    .every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}
