import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StorageError } from '../storage-error.js';
import { entryOfMultistatus, entryOfObject } from './openlist-entry.js';

function multistatus(props: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/dav/f</D:href>' +
    `<D:propstat><D:prop>${props}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>`
  );
}

const FILE = { name: 'f', size: 5, is_dir: false, hash_info: null };

describe('entryOfObject', () => {
  it.each([
    ['2026-11-22T14:17:38.059264865Z', '2026-11-22T14:17:38Z'],
    ['2026-11-22T22:17:38.999999999+08:00', '2026-11-22T14:17:38Z'],
    ['2026-11-22T14:17:38Z', '2026-11-22T14:17:38Z'],
    ['0001-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
    ['', '1970-01-01T00:00:00Z'],
    ['nonsense', '1970-01-01T00:00:00Z'],
  ])('takes %j for %s', (modified, time) => {
    expect(entryOfObject({ ...FILE, modified }).mtimeMs).toBe(Date.parse(time));
  });

  it("has OpenList's entity tag for an identity: the largest hash, else time and size", () => {
    const modified = '2026-11-22T19:34:01.5Z';
    expect(entryOfObject({ ...FILE, modified }).identity).toBe('6b0343a9-5');
    expect(entryOfObject({ ...FILE, modified, hash_info: { md5: 'aa', sha1: 'bb' } }).identity).toBe('bb');
    expect(entryOfObject({ ...FILE, modified, is_dir: true })).toMatchObject({ kind: 'folder', size: 0, identity: '' });
  });
});

describe('entryOfMultistatus', () => {
  it('tells the same of a file as a listing', () => {
    const seconds = fc.integer({ min: 0, max: 4_000_000_000 });
    const hashes = fc.constantFrom({}, { md5: 'ab' }, { md5: 'ab', sha1: 'cd' });
    fc.assert(
      fc.property(seconds, fc.nat(), fc.nat(999), hashes, (second, size, ms, hash_info) => {
        const modified = new Date(second * 1000 + ms).toISOString();
        const checksums = Object.entries(hash_info).map(([kind, value]) => `<checksum>${kind}:${value}</checksum>`);
        const props =
          `<D:resourcetype/><D:getcontentlength>${size}</D:getcontentlength>` +
          `<D:getlastmodified>${new Date(second * 1000).toUTCString()}</D:getlastmodified>` +
          `<checksums xmlns="http://owncloud.org/ns">${checksums.join('')}</checksums>`;
        const listed = entryOfObject({ name: 'f', size, is_dir: false, modified, hash_info });
        expect(entryOfMultistatus('f', multistatus(props))).toEqual(listed);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'not found'],
    ['a web page', '<!doctype html><html><body>OpenList</body></html>'],
    ['broken XML', '<D:multistatus xmlns:D="DAV:"><D:response>'],
    ['no size', multistatus('<D:resourcetype/>')],
    ['a size that is none', multistatus('<D:getcontentlength>-1</D:getcontentlength>')],
  ])('refuses %s', (_, xml) => {
    expect(() => entryOfMultistatus('f', xml)).toThrow(StorageError);
  });
});
