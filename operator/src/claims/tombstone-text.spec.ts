import { describe, expect, it } from 'vitest';
import type { Tombstone } from './claim.js';
import { parseTombstones, tombstoneText } from './tombstone-text.js';

const STONE: Tombstone = {
  path: '/team-a/photos',
  bucketName: 'photos',
  namespace: 'team-a',
  name: 'photos',
  since: '2026-01-01T00:00:00.000Z',
};

describe('the text of tombstones', () => {
  it.each([0, 1, 3])('is read as it was written, a line each (%i)', (count) => {
    const tombstones = Array.from({ length: count }, (_, index) => ({ ...STONE, path: `/p/${index}` }));
    const text = tombstoneText(tombstones);
    expect(parseTombstones(text)).toEqual({ tombstones });
    expect(text.split('\n')).toHaveLength(count === 0 ? 1 : count + 2);
  });

  it.each<readonly [unknown, RegExp]>([
    [{}, /no list/],
    ['photos', /no list/],
    [null, /no list/],
    [[null], /entry 0/],
    [[STONE, 'photos'], /entry 1/],
    [[STONE, { ...STONE, path: 'photos' }], /entry 1/],
    [[{ ...STONE, path: undefined }], /entry 0/],
    [[{ ...STONE, namespace: 7 }], /entry 0/],
    [[{ ...STONE, since: undefined }], /entry 0/],
  ])('%j is none', (written, mistake) => {
    expect(parseTombstones(JSON.stringify(written))).toEqual({ mistake: expect.stringMatching(mistake) as string });
  });

  it('that is no JSON is none', () => {
    expect(parseTombstones('[,]')).toEqual({ mistake: expect.stringContaining('JSON') as string });
  });
});
