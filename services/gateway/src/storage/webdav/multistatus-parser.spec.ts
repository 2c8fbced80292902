import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MultistatusParser, type MultistatusEntry } from './multistatus-parser.js';

function parse(document: string | Buffer, step = Infinity): MultistatusEntry[] {
  const entries: MultistatusEntry[] = [];
  const parser = new MultistatusParser((entry) => entries.push(entry));
  const bytes = Buffer.from(document as string);
  for (let at = 0; at < bytes.length; at += step) parser.write(bytes.subarray(at, Math.min(at + step, bytes.length)));
  parser.end();
  return entries;
}

// As Apache, nginx and rclone write them.
const APACHE = `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">
<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>/d/%c3%bc&amp;.txt</D:href>
<D:propstat><D:prop><lp1:resourcetype/><lp1:getcontentlength>5</lp1:getcontentlength>
<lp1:getlastmodified>Sun, 22 Nov 2026 19:00:00 GMT</lp1:getlastmodified><lp1:getetag>W/"5-64"</lp1:getetag>
<lp2:executable>F</lp2:executable></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
</D:response></D:multistatus>`;
const RCLONE = `<?xml version="1.0" encoding="UTF-8"?><D:multistatus xmlns:D="DAV:"><D:response><D:href>/d/</D:href><D:propstat><D:prop><D:resourcetype><D:collection xmlns:D="DAV:"/></D:resourcetype><D:getlastmodified>Sun, 22 Nov 2026 19:00:00 GMT</D:getlastmodified></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><D:getcontentlength></D:getcontentlength><D:getetag></D:getetag></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response></D:multistatus>`;

describe('MultistatusParser', () => {
  it.each([1, 2, 7, 64, Infinity])('reads what servers write, %i bytes at a time', (step) => {
    expect(parse(APACHE, step)).toEqual([
      {
        href: '/d/%c3%bc&.txt',
        collection: false,
        length: '5',
        modified: 'Sun, 22 Nov 2026 19:00:00 GMT',
        etag: 'W/"5-64"',
      },
    ]);
    expect(parse(RCLONE, step)).toEqual([{ href: '/d/', collection: true, modified: 'Sun, 22 Nov 2026 19:00:00 GMT' }]);
  });

  it('goes by namespace: neither by prefix, nor by names alone', () => {
    expect(parse('<multistatus xmlns="DAV:"><response><href>a</href></response></multistatus>')).toHaveLength(1);
    const foreign =
      '<D:multistatus xmlns:D="DAV:"><D:response><D:href>a</D:href><x:propstat xmlns:x="urn:x"><x:prop><x:resourcetype><x:collection/></x:resourcetype></x:prop></x:propstat></D:response></D:multistatus>';
    expect(parse(foreign)).toEqual([{ href: 'a', collection: false }]);
  });

  it('leaves out what is not there', () => {
    expect(
      parse(
        '<D:multistatus xmlns:D="DAV:"><D:response><D:href>a</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response><D:response/></D:multistatus>',
      ),
    ).toEqual([]);
  });

  it.each([
    '',
    'text',
    '<html/>',
    '<multistatus/>',
    '<D:multistatus xmlns:D="DAV:">',
    '<D:multistatus xmlns:D="DAV:"><D:response></D:multistatus>',
    '<!DOCTYPE x [<!ENTITY e "y">]><D:multistatus xmlns:D="DAV:"/>',
    '<D:multistatus xmlns:D="DAV:">&e;</D:multistatus>',
    `<D:multistatus xmlns:D="DAV:">${'<a>'.repeat(100)}`,
    `<D:multistatus xmlns:D="DAV:"><D:response><D:href>${'a'.repeat(40_000)}</D:href></D:response></D:multistatus>`,
  ])('refuses %j', (document) => {
    expect(() => parse(document)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });

  it.each([
    ['comment', '<!--', 'a'],
    ['text', '<D:x>', 'a'],
    ['character data', '<D:x><![CDATA[', 'a'],
    ['processing instruction', '<?x ', 'a'],
    ['attribute', '<D:x a="', 'a'],
    ['name', '<D:', 'a'],
    ['list of attributes', '<D:x', ` a${'b'.repeat(100)}="1"`],
  ])('keeps no %s that does not end', (_, begin, more) => {
    const parser = new MultistatusParser(() => undefined);
    parser.write(Buffer.from(`<D:multistatus xmlns:D="DAV:">${begin}`));
    const piece = Buffer.from(more.repeat(64 * 1024));
    let bytes = 0;
    const feed = (): void => {
      for (; bytes < 64 * 1024 * 1024; bytes += piece.length) parser.write(piece);
    };
    expect(feed).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(bytes).toBeLessThan(1024 * 1024);
  });

  it('refuses what is not UTF-8', () => {
    expect(() => parse(Buffer.from('<D:multistatus xmlns:D="DAV:">\xff</D:multistatus>', 'latin1'))).toThrow('UTF-8');
  });

  it('fails with nothing but its own error, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(APACHE.length), (noise, at) => {
        try {
          parse(APACHE.slice(0, at) + noise + APACHE.slice(at));
        } catch (error) {
          expect(error).toMatchObject({ code: 'unavailable' });
        }
      }),
    );
  });
});
