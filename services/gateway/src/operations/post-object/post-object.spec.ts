import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { access, ALICE, blank, codeOf, headerOf, MemoryBuckets } from '../../../test/support/operation-context.js';
import { s3Request } from '../../../test/support/s3-request.js';
import { ANONYMOUS } from '../../auth/identity.js';
import { PostPolicyVerifier } from '../../auth/post-policy/post-policy-verifier.js';
import type { Snapshot } from '../../config/snapshot.js';
import { SnapshotStore } from '../../config/snapshot-store.js';
import type { S3ErrorCode } from '../../errors/s3-error-codes.js';
import type { S3Request } from '../../http/s3-request.js';
import type { Observed } from '../../http/observed.js';
import type { S3Response } from '../../http/s3-response.js';
import { PostObject } from './post-object.js';

const BOUNDARY = 'xYzZY';
type Condition = NonNullable<PresignedPostOptions['Conditions']>[number];

describe('PostObject', () => {
  it('stores the file under the key, with its type and metadata', async () => {
    const { response, buckets } = await post({
      fields: { 'Content-Type': 'text/plain', 'x-amz-meta-foo': 'barclamp', 'x-amz-meta-umlaut': 'ü' },
    });
    expect(response.status).toBe(204);
    expect(headerOf(response, 'ETag')).toBe('"37b51d194a7513e45b56f6524f2d51f2"');
    expect(headerOf(response, 'Location')).toBe('http://s3.test/photos/foo.txt');
    const { info, bytes } = buckets.photos.store.objects.get('foo.txt')!;
    expect(bytes.toString()).toBe('bar');
    expect(info.attributes.headers).toEqual({ 'content-type': 'text/plain' });
    // As a client's UTF-8 would have come in a header: one char a byte.
    expect(info.attributes.metadata).toEqual({ foo: 'barclamp', umlaut: 'Ã¼' });
  });

  it('puts the name of the file into the key, before the policy is checked', async () => {
    const { buckets } = await post({ key: 'up/${filename}', filename: 'C:\\pictures\\$&.txt' });
    expect([...buckets.photos.store.objects.keys()]).toEqual(['up/$&.txt']);
  });

  it.each([
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['404', 204],
  ])('answers success_action_status %s with %d', async (asked, status) => {
    const { response } = await post({ fields: { success_action_status: asked } });
    expect(response.status).toBe(status);
    if (status !== 201) expect(response.body).toBeUndefined();
    else {
      expect(response.body).toContain(
        '<PostResponse><Location>http://s3.test/photos/foo.txt</Location><Bucket>photos</Bucket><Key>foo.txt</Key><ETag>&quot;37b51d194a7513e45b56f6524f2d51f2&quot;</ETag></PostResponse>',
      );
    }
  });

  it.each([
    [
      'https://app.test/done',
      'https://app.test/done?bucket=photos&key=foo.txt&etag=%2237b51d194a7513e45b56f6524f2d51f2%22',
    ],
    [
      'https://app.test/?a=1#x',
      'https://app.test/?a=1&bucket=photos&key=foo.txt&etag=%2237b51d194a7513e45b56f6524f2d51f2%22',
    ],
  ])('redirects to %s', async (success_action_redirect, location) => {
    const { response } = await post({ fields: { success_action_redirect } });
    expect(response.status).toBe(303);
    expect(headerOf(response, 'Location')).toBe(location);
  });

  it.each(['javascript:alert(1)', 'not a url', '//app.test/', 'https://'])(
    'does not redirect to %j',
    async (success_action_redirect) => {
      expect((await post({ fields: { success_action_redirect } })).response.status).toBe(204);
    },
  );

  it('stores the tags of the form', async () => {
    const tagging = '<Tagging><TagSet><Tag><Key>0</Key><Value>1</Value></Tag></TagSet></Tagging>';
    const { buckets } = await post({ fields: { tagging } });
    expect(buckets.photos.store.objects.get('foo.txt')?.info.attributes.tags).toEqual([{ key: '0', value: '1' }]);
  });

  it('verifies a checksum that the form has', async () => {
    const sha256 = '/N4rLtula/QIYB+3If6bXDONEO5CnqBPrlURto+/j7k=';
    expect((await post({ extra: { 'x-amz-checksum-sha256': sha256 } })).response.status).toBe(204);
  });

  it.each<[string, Sketch, S3ErrorCode]>([
    ['without a policy', { without: ['Policy'] }, 'AccessDenied'],
    ['without a signature', { without: ['X-Amz-Signature'] }, 'InvalidArgument'],
    ['with another signature', { change: { 'X-Amz-Signature': '0'.repeat(64) } }, 'SignatureDoesNotMatch'],
    ['of an unknown key', { accessKeyId: '__proto__' }, 'InvalidAccessKeyId'],
    ['with a field that its policy does not know', { extra: { 'x-amz-meta-more': 'x' } }, 'AccessDenied'],
    ['for another bucket, whatever its field says', { extra: { bucket: 'photos' }, to: 'films' }, 'AccessDenied'],
    ['for a bucket without a grant', { bucket: 'private', to: 'private' }, 'AccessDenied'],
    ['for a bucket that is not there', { bucket: 'nothing', to: 'nothing' }, 'NoSuchBucket'],
    ['larger than its policy allows', { range: [0, 2] }, 'EntityTooLarge'],
    ['smaller than its policy allows', { range: [4, 9] }, 'EntityTooSmall'],
    ['with a wrong checksum', { extra: { 'x-amz-checksum-crc32': 'AAAAAA==' } }, 'BadDigest'],
    ['with a checksum that is none', { extra: { 'x-amz-checksum-sha256': 'sailorjerry' } }, 'InvalidRequest'],
    ['with a public ACL', { fields: { acl: 'public-read' } }, 'AccessControlListNotSupported'],
    ['that asks for encryption', { fields: { 'x-amz-server-side-encryption': 'AES256' } }, 'NotImplemented'],
    ['with a line break in a header', { fields: { 'Content-Type': 'a\r\nSet-Cookie: b' } }, 'InvalidArgument'],
    ['with metadata that no header can name', { fields: { 'x-amz-meta-a b': 'x' } }, 'InvalidArgument'],
    ['with tags that are no document', { fields: { tagging: 'a=b' } }, 'InvalidArgument'],
    ['with a key that is too long', { key: 'k'.repeat(1025) }, 'KeyTooLongError'],
  ])('refuses a form %s and stores nothing', async (_, sketch, code) => {
    const buckets = new MemoryBuckets();
    expect(await codeOf(() => post({ ...sketch, buckets }))).toBe(code);
    for (const bucket of [buckets.photos, buckets.films, buckets.private]) expect(bucket.store.objects.size).toBe(0);
  });

  it('keeps a grant to its prefix', async () => {
    const buckets = new MemoryBuckets();
    const [grant] = buckets.photos.mapping.grants;
    Object.assign(buckets.photos.mapping, { grants: [{ ...grant, prefix: 'team/' }] });
    expect(await codeOf(() => post({ buckets, key: 'team2/x' }))).toBe('AccessDenied');
    expect((await post({ buckets, key: 'team/x' })).response.status).toBe(204);
  });

  it('leaves the connection to whoever ends it where the form is refused', async () => {
    const { request, send } = await prepare({ range: [0, 2], file: 'x'.repeat(500_000) });
    expect(await codeOf(send)).toBe('EntityTooLarge');
    expect((request.raw as Readable).listenerCount('data')).toBe(0);
    await (request.raw as Readable).resume().toArray();
  });
});

interface Sketch {
  readonly key?: string;
  readonly file?: string;
  readonly filename?: string;
  /** Fields that the policy covers. */
  readonly fields?: Record<string, string>;
  /** Fields that it does not. */
  readonly extra?: Record<string, string>;
  readonly without?: readonly string[];
  readonly change?: Record<string, string>;
  readonly range?: readonly [number, number];
  readonly accessKeyId?: string;
  /** In the policy. */
  readonly bucket?: string;
  /** In the request. */
  readonly to?: string;
  readonly buckets?: MemoryBuckets;
}

async function post(sketch: Sketch): Promise<{ response: S3Response; buckets: MemoryBuckets }> {
  const { send, buckets } = await prepare(sketch);
  return { response: await send(), buckets };
}

interface Prepared {
  readonly request: S3Request;
  readonly buckets: MemoryBuckets;
  readonly observed: Observed;
  readonly send: () => Promise<S3Response>;
}

async function prepare(sketch: Sketch): Promise<Prepared> {
  const { file = 'bar', filename = 'foo.txt', buckets = new MemoryBuckets() } = sketch;
  const fields = new Map(Object.entries({ ...(await sign(sketch)), ...sketch.change, ...sketch.extra }));
  for (const name of sketch.without ?? []) fields.delete(name);
  const parts = [...fields].map(([name, value]) => part(`name="${name}"`, value));
  const form = `${parts.join('')}${part(`name="file"; filename="${filename}"`, file)}--${BOUNDARY}--\r\n`;
  const raw = Readable.from([Buffer.from(form)], { objectMode: false });
  const request: S3Request = {
    ...s3Request({
      method: 'POST',
      bucket: sketch.to ?? 'photos',
      headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
      raw: Object.assign(raw, { complete: true }) as unknown as IncomingMessage,
    }),
    receivedAt: new Date(),
  };
  const snapshots = new SnapshotStore({
    region: 'us-east-1',
    signatureVersions: new Set(['v4']),
    identities: new Map([[ALICE.accessKeyId, ALICE]]),
  } as unknown as Snapshot);
  const operation = new PostObject(buckets, access, new PostPolicyVerifier(), snapshots);
  const observed = blank();
  const send = (): Promise<S3Response> =>
    operation.execute({ request, principal: ANONYMOUS, framing: { kind: 'plain' }, observed });
  return { request, buckets, observed, send };
}

/** The form of the AWS SDK. */
async function sign(sketch: Sketch): Promise<Record<string, string>> {
  const { key = 'foo.txt', fields = {}, range, bucket = 'photos', accessKeyId = ALICE.accessKeyId } = sketch;
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: ALICE.secretAccessKey },
  });
  const Conditions: Condition[] = [['starts-with', '$key', '']];
  if (range !== undefined) Conditions.push(['content-length-range', ...range]);
  const signed = await createPresignedPost(client, { Bucket: bucket, Key: key, Fields: fields, Conditions });
  return signed.fields;
}

function part(disposition: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
}
