import { describe, expect, it } from 'vitest';
import { S3Error } from '../errors/s3-error.js';
import { errorDocument } from './error-document.js';
import { parseXml } from './xml-reader.js';
import { compileDocument, compileTemplate } from './xml-template.js';

interface Owner {
  readonly id: string;
}
interface Row {
  readonly key: string;
  readonly size: number;
  readonly etag?: string | undefined;
  readonly owner?: Owner;
}
interface Listing {
  readonly name: string;
  readonly truncated: boolean;
  readonly token?: string;
  readonly rows: readonly Row[];
}

const owner = compileTemplate<Owner>('Owner', (xml, slot) => slot.leaf(xml, 'ID', 'id'));
const row = compileTemplate<Row>('Contents', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'ETag', 'etag');
  slot.leaf(xml, 'Size', 'size');
  slot.part(xml, 'owner', owner);
  xml.ele('StorageClass').txt('STANDARD');
});
const listing = compileDocument<Listing>('ListBucketResult', (xml, slot) => {
  xml.ele('Name').att('kind', slot.value('name')).txt(slot.value('name'));
  slot.leaf(xml, 'NextContinuationToken', 'token');
  slot.leaf(xml, 'IsTruncated', 'truncated');
  slot.part(xml, 'rows', row);
});

describe('XML templates', () => {
  it('fills values, optional elements, rows and rows in rows', () => {
    const rows = [
      { key: 'a&b', size: 0, etag: '"x"', owner: { id: '<me>' } },
      { key: '$& $1', size: 7 },
    ];
    expect(listing.render({ name: 'b"u', truncated: false, rows })).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n' +
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name kind="b&quot;u">b&quot;u</Name><IsTruncated>false</IsTruncated>' +
        '<Contents><Key>a&amp;b</Key><ETag>&quot;x&quot;</ETag><Size>0</Size><Owner><ID>&lt;me&gt;</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>' +
        '<Contents><Key>$&amp; $1</Key><Size>7</Size><StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>',
    );
  });

  it('keeps an empty value and leaves out an undefined one', () => {
    const xml = listing.render({ name: '', truncated: true, token: '', rows: [] });
    expect(xml).toContain('<Name kind=""></Name><NextContinuationToken></NextContinuationToken>');
  });

  it('stays well-formed whatever a key holds', () => {
    const key = '\u0000\u0001\u001f\ud800 \udc00\ufffe]]>\r\n\t\u{1F600}\ue0000\ue001';
    const xml = listing.render({ name: 'n', truncated: false, rows: [{ key, size: 1 }] });
    const parsed = parseXml(Buffer.from(xml), 'ListBucketResult').child('Contents').text('Key');
    expect(parsed).toBe('\ufffd\ufffd\ufffd\ufffd \ufffd\ufffd]]>\r\n\t\u{1F600}\ue0000\ue001');
  });

  it('refuses an element name that is none', () => {
    expect(() => compileTemplate('Row', (xml) => void xml.ele('a b'))).toThrow();
  });
});

describe('errorDocument', () => {
  it('has details between message and resource, and no namespace', () => {
    const error = new S3Error('NoSuchKey', { details: { Key: 'a<b' } });
    expect(errorDocument(error, '/bucket/a<b', 'ID', 'HOST')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>' +
        '<Key>a&lt;b</Key><Resource>/bucket/a&lt;b</Resource><RequestId>ID</RequestId><HostId>HOST</HostId></Error>',
    );
  });
});
