import { describe, expect, it } from 'vitest';
import type { ObjectKey } from '../http/object-key.js';
import type { UploadInfo, UploadsQuery } from './multipart-store.js';
import { NO_ATTRIBUTES } from '../../test/support/object-bodies.js';
import { pageOfUploads } from './uploads-page.js';

const upload = (key: string, uploadId: string, at: number): UploadInfo => ({
  key: key as ObjectKey,
  uploadId,
  initiated: new Date(at),
  initiator: 'me',
  attributes: NO_ATTRIBUTES,
});

// Ids sort by time, as those of this gateway do; \uff61 sorts before \u{1f600} in UTF-8 alone.
const UPLOADS = [
  upload('\u{1f600}', '08', 8),
  upload('b', '03', 3),
  upload('a/2', '05', 5),
  upload('b', '01', 1),
  upload('\uff61', '07', 7),
  upload('a/1', '06', 6),
  upload('b', '02', 2),
  upload('a', '04', 4),
];

const page = (query: Partial<UploadsQuery>, uploads = UPLOADS): [rows: string[], truncated: boolean] => {
  const { entries, truncated } = pageOfUploads(uploads, {
    prefix: '',
    delimiter: '',
    keyMarker: '',
    uploadIdMarker: '',
    limit: 1000,
    ...query,
  });
  return [
    entries.map((entry) => (entry.kind === 'prefix' ? entry.prefix : `${entry.upload.key} ${entry.upload.uploadId}`)),
    truncated,
  ];
};

describe('ListMultipartUploads', () => {
  const all = ['a 04', 'a/1 06', 'a/2 05', 'b 01', 'b 02', 'b 03', '\uff61 07', '\u{1f600} 08'];

  it('gives uploads by key, and those of one key by the time they were initiated', () => {
    expect(page({})).toEqual([all, false]);
    expect(page({ limit: 8 })).toEqual([all, false]);
    expect(page({ limit: 7 })).toEqual([all.slice(0, 7), true]);
  });

  it('goes on behind the key marker alone: no upload of that key', () => {
    expect(page({ keyMarker: 'a/2' })).toEqual([all.slice(3), false]);
    expect(page({ keyMarker: 'b' })).toEqual([all.slice(6), false]);
    expect(page({ keyMarker: 'a0' })).toEqual([all.slice(3), false]);
  });

  it('goes on behind an upload of the key marker', () => {
    expect(page({ keyMarker: 'b', uploadIdMarker: '01' })).toEqual([all.slice(4), false]);
    expect(page({ keyMarker: 'b', uploadIdMarker: '03' })).toEqual([all.slice(6), false]);
  });

  it('goes on behind an upload that has ended since', () => {
    const left = UPLOADS.filter(({ uploadId }) => uploadId !== '02');
    expect(page({ keyMarker: 'b', uploadIdMarker: '02' }, left)).toEqual([all.slice(5), false]);
  });

  it('takes no upload id marker without a key marker', () => {
    expect(page({ uploadIdMarker: '05' })).toEqual([all, false]);
  });

  it('groups by a delimiter, a group counting once', () => {
    expect(page({ delimiter: '/' })).toEqual([['a 04', 'a/', ...all.slice(3)], false]);
    expect(page({ delimiter: '/', limit: 2 })).toEqual([['a 04', 'a/'], true]);
    expect(page({ delimiter: '/', keyMarker: 'a/' })).toEqual([all.slice(3), false]);
    expect(page({ delimiter: '/', keyMarker: 'a/1' })).toEqual([all.slice(3), false]);
    expect(page({ delimiter: '/', prefix: 'a/' })).toEqual([['a/1 06', 'a/2 05'], false]);
    expect(page({ delimiter: '/', prefix: 'a/', keyMarker: 'a/1' })).toEqual([['a/2 05'], false]);
  });

  it('says that nothing follows a group that is the last', () => {
    const left = UPLOADS.filter(({ key }) => key.startsWith('a/'));
    expect(page({ delimiter: '/', limit: 1 }, left)).toEqual([['a/'], false]);
  });
});
