import { describe, expect, it } from 'vitest';
import { parseGrantedKeys } from './granted-keys.js';

const DOCUMENT = { shard: '3', revision: 7, hash: 'sha256:x', accessKeyIds: ['BW1', 'BW2'] };

describe('parseGrantedKeys', () => {
  it('tells the keys of each document', () => {
    const keys = parseGrantedKeys({ documents: [DOCUMENT] });
    expect(keys.get(3)).toEqual({ revision: 7, hash: 'sha256:x', accessKeyIds: new Set(['BW1', 'BW2']) });
  });

  // Taken for "no key", an answer that is none would take every key away.
  it.each([
    [undefined],
    [{}],
    [{ documents: {} }],
    [{ documents: [null] }],
    [{ documents: [{ ...DOCUMENT, accessKeyIds: undefined }] }],
    [{ documents: [{ ...DOCUMENT, revision: '7' }] }],
  ])('refuses %j', (body) => {
    expect(() => parseGrantedKeys(body)).toThrow();
  });
});
