import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../http/object-key.js';
import { ROOT, parseStoragePath } from '../storage-path.js';
import { UpstreamKeys } from './upstream-keys.js';

const keys = new UpstreamKeys('kept/', parseStoragePath('team/a'));

describe('keys of an upstream', () => {
  it('lie below the prefix and the folder of the bucket', () => {
    expect(keys.outer('x/y' as ObjectKey)).toBe('kept/team/a/x/y');
    expect(new UpstreamKeys('', ROOT).outer('x' as ObjectKey)).toBe('x');
    expect(keys.inner('kept/team/a/x/y')).toBe('x/y');
  });

  it.each(['..', '.', '../x', 'a/..', 'a/../b', './a', 'a/.'])('lead nowhere else: %j', (key) => {
    expect(() => keys.outer(key as ObjectKey)).toThrow(expect.objectContaining({ code: 'UnsupportedKey' }) as Error);
    expect(() => keys.outerToRead(key as ObjectKey)).toThrow(expect.objectContaining({ code: 'NoSuchKey' }) as Error);
  });

  it.each([
    ['../', false],
    ['a/../', false],
    ['./x', false],
    ['..', true],
    ['a/.', true],
    ['a..b/', true],
    ['', true],
    ['.bucketway', false],
    ['a/.bucketway/', false],
    ['.bucket', true],
  ])('of the prefix %j can be there: %j', (prefix, can) => expect(keys.canHold(prefix)).toBe(can));

  it.each(['kept/team/b', 'kept/team/a', 'kept/team/a/', 'other', undefined])('are none of %j', (name) => {
    expect(keys.inner(name)).toBeUndefined();
  });

  it.each(['.bucketway/trial', '.bucketway', 'a/.bucketway-folder'])('are none of the gateway’s own: %j', (name) => {
    expect(() => keys.outer(name as ObjectKey)).toThrow(expect.objectContaining({ code: 'UnsupportedKey' }) as Error);
    expect(() => keys.outerToRead(name as ObjectKey)).toThrow(expect.objectContaining({ code: 'NoSuchKey' }) as Error);
    expect(keys.inner(`kept/team/a/${name}`)).toBeUndefined();
  });

  it('are no longer than S3 takes, with all that stands before them', () => {
    const longest = 'x'.repeat(1024 - 'kept/team/a/'.length);
    expect(keys.outer(longest as ObjectKey)).toHaveLength(1024);
    expect(() => keys.outer(`${longest}x` as ObjectKey)).toThrow(
      expect.objectContaining({ code: 'KeyTooLongError' }) as Error,
    );
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 200 }), (text) => {
        let outer: string;
        try {
          outer = keys.outer(text as ObjectKey);
        } catch {
          return;
        }
        expect(outer.split('/')).not.toContain('..');
        expect(keys.inner(outer)).toBe(text);
      }),
    );
  });
});
