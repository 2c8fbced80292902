import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from './storage-error.js';
import { joinPath, parentOf, parseStoragePath, ROOT } from './storage-path.js';

const code = (text: string): string => {
  try {
    parseStoragePath(text);
    return 'none';
  } catch (error) {
    return error instanceof StorageError ? error.code : String(error);
  }
};

describe('parseStoragePath', () => {
  it.each([
    ['', 'none'],
    ['a', 'none'],
    ['a/b/c', 'none'],
    ['...', 'none'],
    ['a/..b/c..', 'none'],
    ['a\\..\\b', 'none'],
    ['%2e%2e/x', 'none'],
    ['ü'.repeat(127) + 'x', 'none'],
    ['/', 'unsupported-name'],
    ['/a', 'unsupported-name'],
    ['a/', 'unsupported-name'],
    ['a//b', 'unsupported-name'],
    ['.', 'unsupported-name'],
    ['..', 'unsupported-name'],
    ['a/../b', 'unsupported-name'],
    ['a/.', 'unsupported-name'],
    ['a\0b', 'unsupported-name'],
    ['.bucketway', 'unsupported-name'],
    ['a/.bucketway-x/b', 'unsupported-name'],
    ['ü'.repeat(128), 'name-too-long'],
    [`a/${'x'.repeat(256)}/b`, 'name-too-long'],
  ])('%j: %s', (text, expected) => expect(code(text)).toBe(expected));

  it('never escapes', () => {
    const text = fc.string({ unit: fc.constantFrom('.', '/', '\\', 'a', '\0', '%2e', 'é'), maxLength: 12 });
    fc.assert(
      fc.property(text, (candidate) => {
        if (code(candidate) !== 'none') return;
        const parsed = parseStoragePath(candidate);
        const absolute = path.posix.join('/root/bucket', parsed);
        expect(absolute).toBe(parsed === ROOT ? '/root/bucket' : `/root/bucket/${parsed}`);
        expect(path.posix.resolve('/root/bucket', `./${parsed}`).startsWith('/root/bucket')).toBe(true);
        expect(parentOf(joinPath(parsed, 'x'))).toBe(parsed);
      }),
      { numRuns: 5000 },
    );
  });
});
