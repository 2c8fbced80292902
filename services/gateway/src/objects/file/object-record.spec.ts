import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKSUM_ALGORITHMS } from '../checksum.js';
import { compactParts, describeObject, recordOf } from './object-description.js';
import { decodeRecord, decodeRecordHead } from './decode-record.js';
import { encodeRecord, encodeSpilledRecord } from './encode-record.js';
import { CONTENT_TYPES } from './record-layout.js';
import { fitOf, type ObjectRecord } from './object-record.js';
import type { ObjectKey } from '../../http/object-key.js';

const text = fc.string({ unit: 'grapheme', maxLength: 12 });
const fields = fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor')), text);
const parts = fc.array(
  fc.record({
    number: fc.integer({ min: 1, max: 10_000 }),
    size: fc.constantFrom(5, 5, 6),
    checksum: fc.constant('AAAA'),
  }),
  { minLength: 1, maxLength: 9 },
);
const record: fc.Arbitrary<ObjectRecord> = fc.record(
  {
    size: fc.maxSafeNat(),
    mtimeMs: fc.double({ min: 0, max: 4e12, noNaN: true }),
    identity: fc.oneof(fc.constant(''), fc.bigInt({ min: 1n, max: 2n ** 64n }).map(String)),
    etag: fc.stringMatching(/^[0-9a-f]{32}(-[1-9][0-9]{0,3})?$/),
    headers: fc.oneof(fields, fc.record({ 'content-type': fc.oneof(text, fc.constantFrom(...CONTENT_TYPES)) })),
    metadata: fields,
    tags: fc.array(fc.record({ key: text, value: text }), { maxLength: 5 }),
    checksum: fc.record({
      algorithm: fc.constantFrom(...CHECKSUM_ALGORITHMS),
      type: fc.constantFrom('FULL_OBJECT', 'COMPOSITE'),
      value: fc.constantFrom('AAAAAA==', 'AAAAAAAAAAA=', 'AAAAAA==-3'),
    }),
    parts: parts.map(compactParts),
    uploadId: fc.stringMatching(/^[0-9a-f]{32}$/),
  },
  { requiredKeys: ['size', 'mtimeMs', 'identity', 'etag', 'headers', 'metadata', 'tags'], noNullPrototype: true },
);

describe('a record', () => {
  it('comes back as it went in', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(decodeRecord(encodeRecord(one))).toEqual(one);
        expect(decodeRecordHead(encodeRecord(one))).toEqual({
          ...decodeRecordHead(encodeSpilledRecord(one)),
          spilled: false,
        });
        expect(decodeRecord(encodeSpilledRecord(one))).toBeUndefined();
        expect(fitOf(decodeRecord(encodeRecord(one)) as ObjectRecord, one)).toBe('same');
      }),
    );
  });

  it('of a usual object fits in the inode', () => {
    const usual: ObjectRecord = {
      size: 5 * 1024 ** 3,
      mtimeMs: 1_795_370_468_498.4604,
      identity: '13139931',
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      headers: { 'content-type': 'application/octet-stream' },
      metadata: {},
      tags: [],
      checksum: { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' },
    };
    expect(encodeRecord(usual).length).toBeLessThanOrEqual(60);
  });

  it('says what the object says', () => {
    fc.assert(
      fc.property(record, parts, (one, listed) => {
        const stat = {
          kind: 'file',
          size: one.size,
          mtimeMs: Math.floor(one.mtimeMs),
          identity: one.identity,
        } as const;
        const info = describeObject('k' as ObjectKey, stat, { ...one, parts: compactParts(listed) });
        expect(info.parts).toEqual(listed);
        const again = describeObject('k' as ObjectKey, stat, { ...recordOf(info), ...stat });
        expect(again).toMatchObject({ etag: info.etag, parts: info.parts, lastModified: info.lastModified });
      }),
    );
  });

  it('that is damaged counts as none, and never throws', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.uint8Array({ maxLength: 3 }), (one, at, noise) => {
        const stored = encodeRecord(one);
        const cut = stored.subarray(0, at % (stored.length + 1));
        decodeRecord(Buffer.from(cut));
        decodeRecord(Buffer.concat([cut, noise, stored.subarray(cut.length)]));
        decodeRecord(Buffer.from(noise));
      }),
    );
  });

  it('fits the version that it describes', () => {
    const stat = { size: 3, mtimeMs: 1.5, identity: '7' };
    expect(fitOf(stat, stat)).toBe('same');
    expect(fitOf(stat, { ...stat, identity: '8' })).toBe('alike');
    expect(fitOf(stat, { ...stat, size: 4 })).toBe('other');
    expect(fitOf(stat, { ...stat, mtimeMs: 1.25 })).toBe('other');
  });
});
