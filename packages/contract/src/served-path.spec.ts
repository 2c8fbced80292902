import { describe, expect, it } from 'vitest';
import { isServedPath, longSegmentOf, reservedSegmentOf } from './served-path.js';

describe('the path of a bucket', () => {
  it.each(['/', '/team-a/photos', '/a/bucketway', '/a/x.bucketway', '/.hidden'])('may be %j', (path) => {
    expect(isServedPath(path)).toBe(true);
    expect(reservedSegmentOf(path)).toBeUndefined();
  });

  it.each(['/.bucketway', '/a/.bucketway/uploads', '/a/.bucketway-folder/b', '/.BucketWay'])(
    "is not the gateway's own: %j",
    (path) => {
      expect(isServedPath(path)).toBe(false);
      expect(reservedSegmentOf(path)?.toLowerCase()).toMatch(/^\.bucketway/);
    },
  );

  it.each(['', 'a', '/a/', '/a/../b', undefined])('is a path of the tree, which %j is not', (path) => {
    expect(isServedPath(path)).toBe(false);
  });

  it('has segments of as many bytes as the name of a folder', () => {
    expect(longSegmentOf(`/a/${'x'.repeat(255)}/${'é'.repeat(127)}`)).toBeUndefined();
    expect(longSegmentOf(`/a/${'x'.repeat(256)}`)).toBe('x'.repeat(256));
    expect(longSegmentOf(`/${'é'.repeat(128)}/b`)).toBe('é'.repeat(128));
  });
});
