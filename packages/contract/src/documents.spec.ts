import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import { contentHash, documentHash, seal, verify } from './document-hash.js';
import { DocumentError, parseCredentialsDocument, parseMappingsDocument } from './parse-document.js';

const BUCKET = {
  name: 'photos',
  path: '/team-a/photos',
  owner: { namespace: 'team-a', name: 'photos', uid: '1' },
  grants: [{ accessKeyId: 'BW7QABC', mode: 'read-write', prefix: '' }],
  anonymous: 'none',
  quota: { maxBytes: 1000, mode: 'report' },
  cors: [{ allowedOrigins: ['https://*.example.com'], allowedMethods: ['GET'], maxAgeSeconds: 60 }],
};

function mistakesOf(parse: () => unknown): readonly string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof DocumentError) return error.message.split('; ');
    throw error;
  }
  return [];
}

function mappings(content: object): () => unknown {
  return () => parseMappingsDocument(JSON.stringify(seal(content, 1)));
}

describe('canonicalJson', () => {
  it('has one spelling for equal values', () => {
    const { name, ...rest } = BUCKET;
    expect(canonicalJson({ ...rest, name })).toBe(canonicalJson(BUCKET));
  });
  it('says the same as the value it was made of', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const again: unknown = JSON.parse(canonicalJson(value));
        expect(canonicalJson(again)).toBe(canonicalJson(value));
        expect(JSON.stringify(again).length).toBe(JSON.stringify(value).length);
      }),
    );
  });
});

describe('seal', () => {
  const sealed = seal({ buckets: [BUCKET] }, 42);

  it('makes a document that verifies', () => {
    expect(sealed).toMatchObject({ version: 1, revision: 42, hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(verify(sealed)).toBe(true);
    expect(sealed.hash).toBe(documentHash(JSON.parse(JSON.stringify(sealed)) as object));
  });
  it('is stable over releases', () => {
    expect(seal({ buckets: [] }, 1).hash).toBe(
      'sha256:8cde4f7a23cae8a1d8b2d41417749e2097182e67dccfc32e399bb16d4c2eb6c3',
    );
  });
  it.each([
    ['content', { buckets: [] }],
    ['revision', { revision: 43 }],
    ['version', { version: 2 }],
    ['an addition', { more: true }],
  ])('notices a change of %s', (_, change) => {
    expect(verify({ ...sealed, ...change })).toBe(false);
  });
  it('knows equal content of two revisions', () => {
    expect(contentHash(seal({ buckets: [BUCKET] }, 7))).toBe(contentHash(sealed));
    expect(contentHash(seal({ buckets: [] }, 42))).not.toBe(contentHash(sealed));
  });
});

describe('a document that is nested', () => {
  const parsers = [parseMappingsDocument, parseCredentialsDocument];

  it.each([2_000, 200_000])('%i levels deep is refused', (levels) => {
    const text = `{"hash":"sha256:0","more":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    for (const parse of parsers) expect(mistakesOf(() => parse(text))).toEqual(['is nested too deeply']);
  });

  it('flat and wide is read to its end', () => {
    const text = `{"hash":"sha256:0","more":[${'0,'.repeat(400_000)}0]}`;
    for (const parse of parsers) expect(mistakesOf(() => parse(text))).toEqual([expect.stringMatching(/^hash: /)]);
  });
});

describe('parseMappingsDocument', () => {
  it('reads what seal wrote', () => {
    const document = parseMappingsDocument(JSON.stringify(seal({ buckets: [BUCKET] }, 42)));
    expect(document.revision).toBe(42);
    expect(document.buckets[0]).toMatchObject(BUCKET);
  });

  it.each([
    ['not JSON', 'is not JSON'],
    ['[]', 'must be a JSON object'],
    ['null', 'must be a JSON object'],
    [JSON.stringify({ ...seal({ buckets: [] }, 1), revision: 2 }), /^hash: does not match/],
    ['{"version":1}', /^hash: does not match/],
    [' '.repeat(1024 * 1024 + 1), /^is larger than/],
  ])('refuses %.20s', (text, message) => {
    expect(mistakesOf(() => parseMappingsDocument(text))[0]).toMatch(message);
  });

  it.each([
    [{}, 'buckets: is missing and must be a list of buckets'],
    [{ buckets: {} }, 'buckets: must be a list of buckets'],
    [{ buckets: [null] }, /^buckets: must hold objects|^buckets\[0\]/],
    [{ buckets: [{ ...BUCKET, name: 'No' }] }, /^buckets\[0\]\.name: must be 3 to 63/],
    [{ buckets: [{ ...BUCKET, path: '/a/../b' }] }, /^buckets\[0\]\.path: must be an absolute path/],
    [
      { buckets: [{ ...BUCKET, grants: [{ accessKeyId: '__proto__', mode: 'read-only' }] }] },
      /^buckets\[0\]\.grants\[0\]\.accessKeyId: must be/,
    ],
    [
      { buckets: [{ ...BUCKET, grants: [{ accessKeyId: 'BW7Q', mode: 'toString' }] }] },
      /^buckets\[0\]\.grants\[0\]\.mode: must be one of read-only/,
    ],
    [
      { buckets: [{ ...BUCKET, grants: [{ accessKeyId: 'BW7Q', mod: 'admin', mode: 'admin' }] }] },
      'buckets[0].grants[0].mod: is not a known field',
    ],
    [
      { buckets: [{ ...BUCKET, anonymous: 'all' }] },
      'buckets[0].anonymous: must be one of none, read, list, read-list',
    ],
    [{ buckets: [{ ...BUCKET, quota: { mode: 'Report' } }] }, 'buckets[0].quota.mode: must be one of enforce, report'],
    [{ buckets: [{ ...BUCKET, quota: { maxBytes: -1 } }] }, 'buckets[0].quota.maxBytes: must not be negative'],
    [
      { buckets: [{ ...BUCKET, quota: { maxBytes: 'x' } }] },
      'buckets[0].quota.maxBytes: must be a whole number of bytes',
    ],
    [
      { buckets: [{ ...BUCKET, cors: [{ allowedOrigins: ['*.*'], allowedMethods: ['GET'] }] }] },
      /^buckets\[0\]\.cors\[0\]\.allowedOrigins: must be a list of origins/,
    ],
    [
      { buckets: [{ ...BUCKET, cors: [{ allowedOrigins: ['*'], allowedMethods: ['PATCH'] }] }] },
      'buckets[0].cors[0].allowedMethods: must be a list of GET, PUT, HEAD, POST, DELETE',
    ],
    [{ buckets: [{ ...BUCKET, grants: [{ accessKeyId: 'BW7Q', mode: { constructor: 1 } }] }] }, /mode|members/],
    [{ buckets: [BUCKET], bukets: [] }, 'bukets: is not a known field'],
    [{ buckets: [BUCKET, BUCKET] }, 'buckets[1].name: "photos" stands here twice'],
  ])('refuses %j', (content, message) => {
    const [first] = mistakesOf(mappings(content));
    if (typeof message === 'string') expect(first).toContain(message);
    else expect(first).toMatch(message);
  });
});

describe('parseCredentialsDocument', () => {
  const credentials = (keys: unknown): (() => unknown) => {
    return () => parseCredentialsDocument(JSON.stringify(seal({ keys }, 3)));
  };

  it('reads keys into a Map', () => {
    const keys = { BW7QABC: { secretAccessKey: 'secret-secret' }, constructor: { secretAccessKey: 'other-secret' } };
    const document = parseCredentialsDocument(JSON.stringify(seal({ keys }, 3)));
    expect([...document.keys].map(([id, key]) => [id, key.secretAccessKey])).toEqual([
      ['BW7QABC', 'secret-secret'],
      ['constructor', 'other-secret'],
    ]);
  });

  it.each([
    [undefined, /^keys: is missing and must be an object/],
    [[], /^keys: must be an object/],
    [JSON.parse('{"__proto__": {"secretAccessKey": "secret-secret"}}'), /^keys: must be an object/],
    [{ BW7Q: { secretAccessKey: 'short' } }, /^keys\.BW7Q\.secretAccessKey: must be 8 to 256/],
    [{ BW7Q: { secretAccessKey: 'secret-secret', more: 1 } }, /^keys\.BW7Q\.more: is not a known field/],
    [{ BW7Q: 'secret-secret' }, /^keys\.BW7Q: must hold objects with secretAccessKey/],
    [{ BW7Q: null }, /^keys/],
  ])('refuses %j', (keys, message) => {
    const mistakes = mistakesOf(credentials(keys));
    expect(mistakes[0]).toMatch(message);
    expect(mistakes.join()).not.toMatch(/secret-secret/);
  });
});
