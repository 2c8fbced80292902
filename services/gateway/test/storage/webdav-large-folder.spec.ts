import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { liveBytes } from '../support/live-bytes.js';
import { ROOT } from '../../src/storage/storage-path.js';
import { openWebdav } from '../support/webdav-fixture.js';

/** A million takes half a minute; what is held to here is that a folder of any size is listed once, and in order. */
const ENTRIES = Number(process.env.LISTED_ENTRIES ?? 50_000);
const PAGE = 1_000;
/** What an entry may hold on to, name and entity tag of 13 and 15 bytes included. */
const ENTRY_BYTES = 100;

describe(`a WebDAV folder of ${ENTRIES} files`, () => {
  let server: http.Server;
  let listings = 0;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      request.resume();
      if (request.method !== 'PROPFIND' || request.url !== '/dav/') return void response.writeHead(404).end();
      listings += request.headers.depth === '1' ? 1 : 0;
      response.writeHead(207, { 'content-type': 'application/xml' });
      Readable.from(request.headers.depth === '1' ? multistatus() : multistatus(0)).pipe(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('is listed page by page out of one request, which is kept small', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/dav/`;
    const fixture = openWebdav({ url });
    try {
      await fixture.driver.stat(ROOT);
      const before = liveBytes();
      const names = await fixture.driver.list(ROOT);
      const after = liveBytes();
      expect(names.length).toBe(ENTRIES);
      expect((after.total - before.total) / ENTRIES).toBeLessThan(ENTRY_BYTES);
      const store = fixture.store();
      let startAfter = '';
      for (let page = 0; page < 3; page++) {
        const { entries, truncated } = await store.list({ prefix: '', delimiter: '', startAfter, limit: PAGE });
        const keys = entries.map((entry) => (entry.kind === 'object' ? entry.object.key : entry.prefix));
        expect([keys.length, keys[0], truncated]).toEqual([PAGE, nameOf(page * PAGE), true]);
        startAfter = keys.at(-1) ?? '';
      }
      const last = await store.list({ prefix: '', delimiter: '', startAfter: nameOf(ENTRIES - 6), limit: PAGE });
      expect([last.entries.length, last.truncated]).toEqual([5, false]);
      expect(listings).toBe(1);
    } finally {
      fixture.close();
    }
  });
});

function* multistatus(entries = ENTRIES): Generator<string> {
  yield '<?xml version="1.0"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/dav/</D:href><D:propstat><D:prop><D:resourcetype><D:collection/></D:resourcetype></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>';
  for (let from = 0; from < entries; from += 100) {
    let chunk = '';
    // In no order that helps.
    for (let i = from; i < Math.min(from + 100, entries); i++) chunk += describeFile(nameOf(entries - 1 - i));
    yield chunk;
  }
  yield '</D:multistatus>';
}

function describeFile(name: string): string {
  return `<D:response><D:href>/dav/${name}</D:href><D:propstat><D:prop><D:resourcetype/><D:getcontentlength>7</D:getcontentlength><D:getlastmodified>Sun, 22 Nov 2026 19:00:00 GMT</D:getlastmodified><D:getetag>"${name}"</D:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>\n`;
}

function nameOf(index: number): string {
  return `file-${String(index).padStart(8, '0')}`;
}
