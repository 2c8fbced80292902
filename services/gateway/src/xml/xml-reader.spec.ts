import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeXml } from './escape-xml.js';
import { parseXml } from './xml-reader.js';

const malformed = expect.objectContaining({ code: 'MalformedXML' }) as Error;

describe('parseXml', () => {
  it('reads a DeleteObjects request', () => {
    const root = parseXml(
      Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-8"?>
        <!-- a comment --><?skipped instruction?>
        <Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
          <Object><Key> a&amp;b&#x1F600;<![CDATA[<c>]]> </Key><VersionId>null</VersionId></Object>
          <Object><Key/></Object>
          <Quiet>true</Quiet>
        </Delete>`),
      'Delete',
    );
    expect(root.text('Quiet')).toBe('true');
    expect(root.children('Object').map((object) => object.text('Key'))).toEqual([' a&b\u{1F600}<c> ', '']);
    expect(root.children('Object')[1]?.optionalText('VersionId')).toBeUndefined();
    expect(root.children().length).toBe(3);
  });

  it('ignores prefixes', () => {
    expect(parseXml(Buffer.from('<s3:A xmlns:s3="http://x/"><s3:B>1</s3:B></s3:A>'), 'A').text('B')).toBe('1');
  });

  it('reads back any text that was escaped, but for what XML cannot hold', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // oxlint-disable-next-line no-control-regex
        const expected = text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
        expect(parseXml(Buffer.from(`<A><B>${escapeXml(text)}</B></A>`), 'A').text('B')).toBe(expected);
      }),
    );
  });

  it.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['plain text', 'garbage'],
    ['a missing close tag', '<Delete><Object></Delete>'],
    ['an element that does not end', '<Delete>'],
    ['two roots', '<Delete/><Delete/>'],
    ['text behind the root', '<Delete/>x'],
    ['another root', '<Other/>'],
    ['__proto__ as the root', '<__proto__/>'],
    ['an unknown entity', '<Delete>&nbsp;</Delete>'],
    ['a bare ampersand', '<Delete>a & b</Delete>'],
    ['a forbidden reference', '<Delete>&#x1;</Delete>'],
    ['a NUL', '<Delete>\0</Delete>'],
    ['text among elements', '<Delete>text<Object/></Delete>'],
    ['a DOCTYPE', '<!DOCTYPE Delete><Delete/>'],
    ['an entity bomb', '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Delete>&b;</Delete>'],
    ['an external entity', '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete>&a;</Delete>'],
    ['UTF-16', Buffer.from('\ufeff<Delete/>', 'utf16le')],
    ['UTF-16 without a mark', Buffer.from('<Delete/>', 'utf16le')],
    ['UTF-16 by declaration', '<?xml version="1.0" encoding="UTF-16"?><Delete/>'],
    ['XML 1.1', '<?xml version="1.1"?><Delete>&#x1;</Delete>'],
    ['bytes that are not UTF-8', Buffer.from([0x3c, 0x41, 0x3e, 0xff, 0x3c, 0x2f, 0x41, 0x3e])],
    ['100,000 levels', '<Delete>'.repeat(100_000)],
    ['a million elements', `<Delete>${'<a/>'.repeat(1_000_000)}</Delete>`],
  ])('refuses %s', (_, document) => {
    expect(() => parseXml(Buffer.from(document as string), 'Delete')).toThrow(malformed);
  });

  it('takes elements named like members of every object', () => {
    const root = parseXml(
      Buffer.from('<Delete><__proto__>1</__proto__><constructor>2</constructor></Delete>'),
      'Delete',
    );
    expect([root.text('__proto__'), root.text('constructor'), root.optionalText('toString')]).toEqual([
      '1',
      '2',
      undefined,
    ]);
  });

  it('takes a million numeric references as what they are', () => {
    expect(parseXml(Buffer.from(`<A>${'&#65;'.repeat(1_000_000)}</A>`), 'A').value.length).toBe(1_000_000);
  });

  it('refuses what is missing, repeated or not a text', () => {
    const root = parseXml(Buffer.from('<A><B>1</B><B>2</B><C><D/></C></A>'), 'A');
    expect(() => root.child('X')).toThrow(malformed);
    expect(() => root.text('X')).toThrow(malformed);
    expect(() => root.optionalText('B')).toThrow(malformed);
    expect(() => root.text('C')).toThrow(malformed);
  });
});
