import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget } from '../support/abuse-target.js';
import type { RawResponse } from '../support/raw-connection.js';
import { sha256, signHead } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

function objects(keys: readonly string[]): string {
  return `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`;
}

/** Requests that take a document, with the root element that each one expects. */
const ENTRANCES = [
  ['POST', '/victim?delete', 'Delete'],
  ['POST', '/victim/new?uploadId=0123456789abcdef0123456789abcdef', 'CompleteMultipartUpload'],
  ['PUT', '/victim?cors', 'CORSConfiguration'],
  ['PUT', '/victim?tagging', 'Tagging'],
  ['PUT', '/victim/old?tagging', 'Tagging'],
  ['PUT', '/a-new-bucket', 'CreateBucketConfiguration'],
] as const;

function send(
  method: string,
  path: string,
  body: string | Buffer,
  headers?: Record<string, string>,
): Promise<RawResponse> {
  const digest = { 'x-amz-checksum-sha256': Buffer.from(sha256(body), 'hex').toString('base64') };
  return target.signed({ method, target: path, body, headers: headers ?? digest });
}

const lol = Array.from({ length: 10 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

/** Documents by name, for a root element. */
const DOCUMENTS: readonly (readonly [string, (root: string) => string | Buffer])[] = [
  ['entities that multiply', (root) => `<!DOCTYPE x [<!ENTITY l0 "lol">${lol}]><${root}><Key>&l10;</Key></${root}>`],
  ['an entity from a file', (root) => `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><${root}>&e;</${root}>`],
  [
    'an entity from the network',
    (root) => `<!DOCTYPE x [<!ENTITY e SYSTEM "http://169.254.169.254/">]><${root}>&e;</${root}>`,
  ],
  ['a DOCTYPE with nothing in it', (root) => `<!DOCTYPE x><${root}/>`],
  ['a parameter entity', (root) => `<!DOCTYPE x [<!ENTITY % p "<!ENTITY q 'r'>">%p;]><${root}>&q;</${root}>`],
  ['an entity that is not declared', (root) => `<${root}><a>&nbsp;</a></${root}>`],
  ['100,000 levels', (root) => `<${root}>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</${root}>`],
  ['200,000 elements', (root) => `<${root}>${'<a/>'.repeat(200_000)}</${root}>`],
  ['150,000 references', (root) => `<${root}><Quiet>${'&#65;'.repeat(150_000)}</Quiet>`],
  ['50,000 attributes', (root) => `<${root} ${Array.from({ length: 50_000 }, (_, i) => `a${i}="1"`).join(' ')}></x>`],
  ['a close tag that is missing', (root) => `<${root}><a><b></a></${root}>`],
  ['no end', (root) => `<${root}>`],
  ['no XML', () => 'garbage'],
  ['two roots', (root) => `<${root}/><${root}/>`],
  ['JSON', () => '{"Objects":[]}'],
  ['another root', () => '<Evil/>'],
  ['a root of __proto__', () => '<__proto__/>'],
  ['UTF-16', (root) => Buffer.from(`\uFEFF<?xml version="1.0" encoding="UTF-16"?><${root}/>`, 'utf16le')],
  [
    'bytes that are not UTF-8',
    (root) => Buffer.concat([Buffer.from(`<${root}>`), Buffer.from([0xff, 0xfe]), Buffer.from(`</${root}>`)]),
  ],
  ['another encoding', (root) => `<?xml version="1.0" encoding="UTF-7"?><${root}/>`],
  ['NUL', (root) => `<${root}>\0</${root}>`],
  ['a NUL reference', (root) => `<${root}><a>&#0;</a></${root}>`],
  ['an attribute without an end', (root) => `<${root} a="`],
];

describe.each(ENTRANCES)('%s %s', (method, path, root) => {
  it.each(DOCUMENTS)(
    'a document with %s is not obeyed, nor takes long (CVE-2026-25896, CVE-2026-26278)',
    async (_name, make) => {
      const { status, code } = await send(method, path, make(root));
      expect(status).toBe(400);
      expect(code).toMatch(/^(MalformedXML|MaxMessageLengthExceeded|InvalidRequest)$/);
    },
  );

  it('a document of 50 MB is not read', async () => {
    await using connection = await target.connect();
    const headers = { 'content-md5': 'XrY7u+Ae7tCTyyK7j1rNww==' };
    const request = { method, target: path, headers, payload: 'UNSIGNED-PAYLOAD', length: 50 * 1024 * 1024 };
    const { head } = await signHead(request, MAIN);
    expect((await connection.write(head).response()).code).toBe('MaxMessageLengthExceeded');
  });
});

describe('names from documents', () => {
  it('__proto__ and its kin are names like others', async () => {
    const tags = ['__proto__', 'constructor', 'toString'].map((key) => `<Tag><Key>${key}</Key><Value>v</Value></Tag>`);
    const document = `<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`;
    expect((await send('PUT', '/victim/old?tagging', document)).status).toBe(200);
    const { body } = await target.signed({ target: '/victim/old?tagging' });
    for (const tag of tags) expect(body.toString()).toContain(tag);
    expect((await send('POST', '/victim?delete', '<Delete><__proto__><Key>old</Key></__proto__></Delete>')).code).toBe(
      'MalformedXML',
    );
    await target.signed({ method: 'DELETE', target: '/victim/old?tagging' });
    expect(({} as Record<string, unknown>)['v']).toBeUndefined();
  });

  it('are escaped in what quotes them', async () => {
    const { body } = await target.signed({ target: '/victim/%3C%2FKey%3E%3Cevil%2F%3E%26%5D%5D%3E%00' });
    expect(body.toString()).not.toContain('<evil');
    const missing = await target.signed({ target: '/victim/%3Cevil%2F%3E%01%0D%0A' });
    expect([missing.status, missing.body.includes('<evil')]).toEqual([404, false]);
    // oxlint-disable-next-line no-control-regex
    expect(missing.body.toString()).not.toMatch(/\x01/);
  });
});

describe('DeleteObjects', () => {
  it('does not take 1,001 keys, none, or one that no key can be', async () => {
    const many = Array.from({ length: 1001 }, (_, i) => `k${i}`);
    for (const keys of [many, []])
      expect((await send('POST', '/victim?delete', objects(keys))).code).toBe('MalformedXML');
    const answer = await send('POST', '/victim?delete', objects(['x'.repeat(5000), '']));
    expect(answer.body.toString()).toContain('KeyTooLongError');
    expect((await send('POST', '/victim?delete', objects(['x'.repeat(5_000_000)]))).code).toBe(
      'MaxMessageLengthExceeded',
    );
  });

  it('does not answer differently to a key that is named twice', async () => {
    await target.signed({ method: 'PUT', target: '/victim/twice', body: 'x' });
    const { status, body } = await send('POST', '/victim?delete', objects(['twice', 'twice', 'never']));
    expect([status, body.toString().match(/<Deleted>/g)?.length]).toEqual([200, 3]);
  });

  it('does not act on a document that nobody vouched for, or that another one was vouched for', async () => {
    const document = objects(['old']);
    expect((await send('POST', '/victim?delete', document, {})).code).toBe('InvalidRequest');
    const wrong = { 'content-md5': 'XrY7u+Ae7tCTyyK7j1rNww==' };
    expect((await send('POST', '/victim?delete', document, wrong)).code).toBe('BadDigest');
  });
});

describe('sub-resources', () => {
  const bucketLevel = [
    'lifecycle',
    'policy',
    'replication',
    'encryption',
    'website',
    'logging',
    'notification',
    'object-lock',
    'accelerate',
  ];

  it.each(bucketLevel)(
    'DELETE /victim?%s does not delete the bucket, nor PUT make one (s3proxy 9dea6c27)',
    async (name) => {
      for (const method of ['PUT', 'DELETE', 'POST']) {
        for (const path of [`/victim?${name}`, `/victim/old?${name}`, `/not-there?${name}`]) {
          const { status } = await target.signed({ method, target: path, length: 0 });
          // S3 has 204 for what was not configured anyway.
          expect([400, 404, 405, 409, 501, ...(method === 'DELETE' ? [204] : [])]).toContain(status);
        }
      }
    },
  );

  it.each([
    'legal-hold',
    'retention',
    'restore',
    'select&select-type=2',
    'torrent',
    'append',
    'renameObject',
    'tagging=',
    'acl=',
  ])('PUT /victim/old?%s does not store its document as the object', async (query) => {
    const { status } = await target.signed({ method: 'PUT', target: `/victim/old?${query}`, body: '<X/>' });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it('two sub-resources are not one of them', async () => {
    for (const query of [
      'tagging&acl',
      'uploads&delete',
      'cors&tagging',
      'uploadId=x&tagging',
      'partNumber=1',
      'uploadId=x',
    ]) {
      const { status } = await target.signed({ method: 'PUT', target: `/victim/old?${query}`, body: '<X/>' });
      expect(status).toBeGreaterThanOrEqual(400);
    }
  });
});
