import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CreateMultipartUploadCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import type { Identity } from '../../src/auth/identity.js';
import { AbuseTarget, mapping } from '../support/abuse-target.js';
import { postForm } from '../support/post-form.js';
import { plainRequest, presignTarget, sha256, signHead, type RawRequest } from '../support/raw-request.js';
import { MAIN, OTHER, fullGrant } from '../support/running-gateway.js';

const PREFIXED: Identity = { name: 'team', accessKeyId: 'TEAMKEY', secretAccessKey: 'team-secret-of-the-tests' };
const READER: Identity = { name: 'reader', accessKeyId: 'READERKEY', secretAccessKey: 'reader-secret-of-the-tests' };

let target: AbuseTarget;
beforeAll(async () => {
  const identities = new Map([MAIN, OTHER, PREFIXED, READER].map((identity) => [identity.accessKeyId, identity]));
  target = await AbuseTarget.start({ identities }, [
    mapping('shared', [
      fullGrant(MAIN),
      fullGrant(PREFIXED, 'team/'),
      { accessKeyId: READER.accessKeyId, permissions: new Set(['read']), prefix: '' },
    ]),
  ]);
  for (const key of ['team/own', 'team2/foreign', 'team', 'other']) {
    await target.plant(`shared/${key === 'team' ? 'teamfile' : key}`, `bytes of ${key}`);
  }
});
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const deletion = (...keys: string[]): string =>
  `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`;

function multiDelete(bucket: string, ...keys: string[]): RawRequest {
  const body = deletion(...keys);
  const md5 = Buffer.from(sha256(body), 'hex').toString('base64');
  return { method: 'POST', target: `/${bucket}?delete`, body, headers: { 'x-amz-checksum-sha256': md5 } };
}

describe('the key of one tenant', () => {
  it.each<RawRequest>([
    { target: '/theirs/secret' },
    { target: '/theirs' },
    { target: '/theirs?list-type=2' },
    { target: '/theirs?uploads' },
    { target: '/theirs?versions' },
    { target: '/theirs?location' },
    { target: '/theirs?cors' },
    { target: '/theirs/secret?tagging' },
    { target: '/theirs/secret?acl' },
    { target: '/theirs/secret?attributes', headers: { 'x-amz-object-attributes': 'ETag' } },
    { method: 'PUT', target: '/theirs/new', body: 'evil' },
    { method: 'PUT', target: '/theirs/new', body: 'evil', headers: { 'if-none-match': '*' } },
    { method: 'PUT', target: '/theirs/secret?tagging', body: '<Tagging/>' },
    { method: 'PUT', target: '/theirs?cors', body: '<CORSConfiguration/>' },
    { method: 'DELETE', target: '/theirs/secret' },
    { method: 'DELETE', target: '/theirs' },
    { method: 'DELETE', target: '/theirs?cors' },
    { method: 'POST', target: '/theirs/new?uploads', length: 0 },
    { method: 'PUT', target: '/theirs/new', length: 0, headers: { 'x-amz-copy-source': '/victim/old' } },
  ])('does not do $method $target in the bucket of another', async (request) => {
    const { status, code } = await target.signed(request);
    expect([status, code]).toEqual([403, 'AccessDenied']);
  });

  it.each(['theirs/secret', '/theirs/secret', 'theirs%2Fsecret', '%2Ftheirs%2fsecret', 'theirs/secret?versionId=null'])(
    'does not read another one by copying from %s (s3proxy ad9d55ac, CVE-2026-55874)',
    async (source) => {
      const headers = { 'x-amz-copy-source': source };
      const { status, code } = await target.signed({ method: 'PUT', target: '/victim/new', length: 0, headers });
      expect([status, code]).toEqual([403, 'AccessDenied']);
    },
  );

  it('does not read another one by UploadPartCopy', async () => {
    const client = target.gateway.client();
    const upload = await client.send(new CreateMultipartUploadCommand({ Bucket: 'victim', Key: 'new' }));
    const path = `/victim/new?partNumber=1&uploadId=${upload.UploadId}`;
    for (const source of ['theirs/secret', 'theirs/none']) {
      const headers = { 'x-amz-copy-source': source };
      const { status, code } = await target.signed({ method: 'PUT', target: path, length: 0, headers });
      expect([status, code]).toEqual([403, 'AccessDenied']);
    }
    await target.signed({ method: 'DELETE', target: `/victim/new?uploadId=${upload.UploadId}` });
  });

  it("does not delete another one's objects by naming them in DeleteObjects", async () => {
    expect((await target.signed(multiDelete('theirs', 'secret'))).code).toBe('AccessDenied');
    const answer = await target.signed(
      multiDelete('victim', '../theirs/secret', '/theirs/secret', '..%2Ftheirs%2Fsecret'),
    );
    expect(answer.status).toBe(200);
  });

  it('does not upload to another one by a form whose field names another bucket (CVE-2023-43040)', async () => {
    const fields = { key: 'new', bucket: 'theirs' };
    for (const conditions of [[{ bucket: 'theirs' }], [{ bucket: 'victim' }, ['eq', '$bucket', 'theirs']]]) {
      const { status, code } = await target.send(postForm({ bucket: 'victim', fields, conditions, identity: MAIN }));
      expect([status, code]).toEqual([403, 'AccessDenied']);
    }
    const { status } = await target.send(postForm({ bucket: 'theirs', fields: { key: 'new' }, identity: MAIN }));
    expect(status).toBe(403);
  });

  it("does not go on with another one's upload, whose id it has guessed", async () => {
    const client = target.gateway.client(OTHER);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: 'theirs', Key: 'new' }));
    for (const [bucket, code] of [
      ['theirs', 'AccessDenied'],
      ['victim', 'NoSuchUpload'],
    ] as const) {
      const path = `/${bucket}/new?uploadId=${UploadId}`;
      expect((await target.signed({ method: 'PUT', target: `${path}&partNumber=1`, body: 'evil' })).code).toBe(code);
      expect((await target.signed({ target: path })).code).toBe(code);
      expect((await target.signed({ method: 'DELETE', target: path })).code).toBe(code);
      const body =
        '<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>';
      expect((await target.signed({ method: 'POST', target: path, body })).code).toBe(code);
    }
    const part = { Bucket: 'theirs', Key: 'new', UploadId, PartNumber: 1, Body: 'mine' };
    expect((await client.send(new UploadPartCommand(part))).ETag).toBeDefined();
    await target.signed({ method: 'DELETE', target: `/theirs/new?uploadId=${UploadId}` }, OTHER);
  });

  it('does not see the buckets of others', async () => {
    expect((await target.signed({ target: '/' })).body.toString()).not.toContain('theirs');
    expect((await target.signed({ target: '/' }, PREFIXED)).body.toString()).not.toContain('victim');
  });

  it('does not take the name of a bucket that another one has', async () => {
    const { status, code } = await target.signed({ method: 'PUT', target: '/theirs', length: 0 });
    expect([status, code]).toEqual([409, 'BucketAlreadyExists']);
  });

  it('does not write with a grant to read', async () => {
    for (const request of [
      { method: 'PUT', target: '/shared/new', body: 'evil' },
      { method: 'DELETE', target: '/shared/other' },
      { target: '/shared?list-type=2' },
    ]) {
      expect((await target.signed(request, READER)).code).toBe('AccessDenied');
    }
    expect((await target.signed(multiDelete('shared', 'other'), READER)).body.toString()).toContain('AccessDenied');
    expect((await target.signed({ target: '/shared/other' }, READER)).status).toBe(200);
  });
});

describe('a grant on the prefix team/', () => {
  it.each<RawRequest>([
    { target: '/shared/team2/foreign' },
    { target: '/shared/teamfile' },
    { target: '/shared/other' },
    { target: '/shared/Team/own' },
    { target: '/shared?list-type=2' },
    { target: '/shared?list-type=2&prefix=' },
    { target: '/shared?list-type=2&prefix=team' },
    { target: '/shared?list-type=2&prefix=team2%2F' },
    { target: '/shared?prefix=team&delimiter=%2F' },
    { target: '/shared?versions&prefix=team' },
    { target: '/shared?uploads&prefix=team' },
    { method: 'PUT', target: '/shared/team2/new', body: 'evil' },
    { method: 'PUT', target: '/shared/team', body: 'evil' },
    { method: 'DELETE', target: '/shared/team2/foreign' },
    { method: 'PUT', target: '/shared?cors', body: '<CORSConfiguration/>' },
    { method: 'PUT', target: '/shared/team/new', length: 0, headers: { 'x-amz-copy-source': 'shared/team2/foreign' } },
    { method: 'PUT', target: '/shared/team2/new', length: 0, headers: { 'x-amz-copy-source': 'shared/team/own' } },
  ])('does not reach $method $target (CVE-2026-25060)', async (request) => {
    const { status, code } = await target.signed(request, PREFIXED);
    expect([status, code]).toEqual([403, 'AccessDenied']);
  });

  it.each([
    'team/../other',
    'team/../../theirs/secret',
    'team/%2e%2e/other',
    'team/..%2Fother',
    'team//../other',
    'team/./own',
  ])('does not reach out by the key %s', async (key) => {
    for (const method of ['GET', 'DELETE']) {
      expect((await target.signed({ method, target: `/shared/${key}` }, PREFIXED)).status).toBe(400);
    }
    const headers = { 'x-amz-copy-source': `shared/${key}` };
    const copy = { method: 'PUT', target: '/shared/team/new', length: 0, headers };
    expect((await target.signed(copy, PREFIXED)).status).toBe(400);
  });

  it('does not list beyond it by a marker, a token or a start', async () => {
    for (const from of ['marker=a', 'list-type=2&start-after=a', 'list-type=2&start-after=zz']) {
      const { status, body } = await target.signed({ target: `/shared?${from}&prefix=team%2F` }, PREFIXED);
      expect([status, body.toString().includes('foreign')]).toEqual([200, false]);
    }
  });

  it('does not delete beyond it in DeleteObjects, and deletes what it may', async () => {
    await target.signed({ method: 'PUT', target: '/shared/team/mine', body: 'x' }, PREFIXED);
    const answer = await target.signed(multiDelete('shared', 'team2/foreign', 'team/mine', 'other'), PREFIXED);
    const text = answer.body.toString();
    expect(text.match(/<Code>AccessDenied<\/Code>/g)).toHaveLength(2);
    expect(text).toContain('<Deleted><Key>team/mine</Key></Deleted>');
  });

  it('does not upload beyond it by a form', async () => {
    const form = { bucket: 'shared', fields: { key: 'team2/new' }, identity: PREFIXED };
    expect((await target.send(postForm(form))).code).toBe('AccessDenied');
  });
});

describe('keys that were taken away', () => {
  beforeEach(() => target.gateway.change({ identities: new Map([[MAIN.accessKeyId, MAIN]]) }));
  afterEach(() => {
    const identities = new Map([MAIN, OTHER, PREFIXED, READER].map((identity) => [identity.accessKeyId, identity]));
    target.gateway.change({ identities });
  });

  it('do not work any more, not even in URLs that were signed before', async () => {
    const url = await presignTarget({ target: '/theirs/secret' }, OTHER);
    expect((await target.signed({ target: '/theirs/secret' }, OTHER)).code).toBe('InvalidAccessKeyId');
    expect((await target.anonymous({ target: url })).code).toBe('InvalidAccessKeyId');
  });

  it('a rotated secret is not accepted for new requests, and does not break off one that runs', async () => {
    await using connection = await target.connect();
    const request = { method: 'PUT', target: '/victim/old', body: 'the old bytes', payload: 'UNSIGNED-PAYLOAD' };
    const { head } = await signHead({ ...request, unsigned: { expect: '100-continue' } }, MAIN);
    expect((await connection.write(head).response()).status).toBe(100);
    const rotated = { ...MAIN, secretAccessKey: 'the next secret of the tests' };
    target.gateway.change({ identities: new Map([[MAIN.accessKeyId, rotated]]) });
    expect((await target.signed({ target: '/victim/old' })).code).toBe('SignatureDoesNotMatch');
    expect((await target.signed({ target: '/victim/old' }, rotated)).status).toBe(200);
    expect((await connection.write(request.body).response()).status).toBe(200);
    expect((await connection.write(plainRequest({ target: '/victim/old' })).response()).status).toBe(403);
    target.gateway.change({ identities: new Map([[MAIN.accessKeyId, MAIN]]) });
  });

  it('a bucket that was unmapped is not served any more', async () => {
    const { buckets } = target.gateway.snapshots.current;
    target.gateway.change({
      buckets: new Map([...buckets].filter(([name]) => name !== 'public')),
      bucketRoot: undefined as never,
    });
    expect((await target.anonymous({ target: '/public/page' })).code).toBe('NoSuchBucket');
    target.gateway.change({ buckets });
  });
});
