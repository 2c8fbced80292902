import { createHmac } from 'node:crypto';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { authSnapshot, EXAMPLE } from '../../../test/support/auth-fixture.js';
import { PostPolicyVerifier, type PostPolicyGrant } from './post-policy-verifier.js';

const verifier = new PostPolicyVerifier();
const now = new Date('2026-01-02T03:04:05Z');
const BUCKET = 'photos';

const CONDITIONS: readonly unknown[] = [
  { bucket: BUCKET },
  ['starts-with', '$key', 'foo'],
  { acl: 'private' },
  ['starts-with', '$Content-Type', 'text/plain'],
  ['content-length-range', 0, 1024],
];
const FIELDS = { key: 'foo.txt', acl: 'private', 'content-type': 'text/plain' };

interface Form {
  readonly policy?: unknown;
  readonly conditions?: readonly unknown[];
  readonly expiration?: string;
  /** Added, or taken away where undefined. */
  readonly fields?: Record<string, string | undefined>;
  readonly secret?: string;
}

function v2Form(form: Form = {}): Map<string, string> {
  const policy = encode(form);
  const signature = createHmac('sha1', form.secret ?? EXAMPLE.secretAccessKey)
    .update(policy)
    .digest('base64');
  return toMap({ ...FIELDS, awsaccesskeyid: EXAMPLE.accessKeyId, signature, policy, ...form.fields });
}

function v4Form(form: Form = {}): Map<string, string> {
  const credentials = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${EXAMPLE.accessKeyId}/20260102/us-east-1/s3/aws4_request`,
    'x-amz-date': '20260102T030405Z',
  };
  const conditions = [...(form.conditions ?? CONDITIONS), ...Object.entries(credentials).map(([k, v]) => ({ [k]: v }))];
  const policy = encode({ ...form, conditions });
  let key: string | Buffer = `AWS4${form.secret ?? EXAMPLE.secretAccessKey}`;
  for (const part of ['20260102', 'us-east-1', 's3', 'aws4_request', policy]) {
    key = createHmac('sha256', key).update(part).digest();
  }
  const signature = (key as Buffer).toString('hex');
  return toMap({ ...FIELDS, ...credentials, policy, 'x-amz-signature': signature, ...form.fields });
}

function encode({ policy, conditions = CONDITIONS, expiration = '2026-01-02T04:00:00Z' }: Form): string {
  if (typeof policy === 'string') return Buffer.from(policy).toString('base64');
  return Buffer.from(JSON.stringify(policy ?? { expiration, conditions })).toString('base64');
}

function toMap(fields: Record<string, string | undefined>): Map<string, string> {
  return new Map(Object.entries(fields).filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function verify(fields: ReadonlyMap<string, string>, at = now): PostPolicyGrant {
  return verifier.verify(fields, BUCKET, authSnapshot(), at);
}

describe.each([
  ['v4', v4Form],
  ['v2', v2Form],
] as const)('a form with a policy, signed by %s', (version, form) => {
  it('is taken', () => {
    expect(verify(form())).toEqual({
      principal: EXAMPLE,
      signatureVersion: version,
      contentLengthRange: { minimum: 0, maximum: 1024 },
    });
  });

  it.each<[string, Form]>([
    [
      'fields in any case',
      {
        conditions: [
          { bUcKeT: BUCKET },
          ['StArTs-WiTh', '$KeY', 'foo'],
          { AcL: 'private' },
          ['EQ', '$CoNtEnT-TyPe', 'text/plain'],
        ],
      },
    ],
    ['ignored fields', { fields: { 'x-ignore-foo': 'bar' } }],
    [
      'a checksum that the policy does not name',
      { fields: { 'x-amz-checksum-sha256': 'aTL9MeXa9HObn6eP93eygxsJlcwdCwCTysgGAZAgE7w=' } },
    ],
    [
      'metadata that it names',
      {
        conditions: [...CONDITIONS, ['starts-with', '$x-amz-meta-foo', 'bar']],
        fields: { 'x-amz-meta-foo': 'barclamp' },
      },
    ],
    [
      'an empty starts-with',
      { conditions: [...CONDITIONS, ['starts-with', '$tagging', '']], fields: { tagging: '<Tagging/>' } },
    ],
    [
      'an empty starts-with on a field that is left out',
      { conditions: [...CONDITIONS, ['starts-with', '$tagging', '']] },
    ],
    ['a bucket field, which counts for nothing', { fields: { bucket: 'other' } }],
    ['sizes as strings', { conditions: [...CONDITIONS, ['content-length-range', '1', '10']] }],
    ['fractions of a second', { expiration: '2026-01-02T04:00:00.000Z' }],
    [
      'an escaped $',
      {
        conditions: [
          { bucket: BUCKET },
          ['starts-with', '$key', '\\$foo'],
          { acl: 'private' },
          ['starts-with', '$Content-Type', ''],
        ],
        fields: { key: '\\$foo.txt' },
      },
    ],
  ])('takes %s', (_, sketch) => {
    expect(verify(form(sketch)).principal).toBe(EXAMPLE);
  });

  it.each<[string, string, Form]>([
    ['AccessDenied', 'no policy', { fields: { policy: undefined } }],
    ['AccessDenied', 'an expired policy', { expiration: '2026-01-02T03:04:05Z' }],
    ['AccessDenied', 'a field without a condition', { fields: { 'x-amz-meta-foo': 'bar' } }],
    ['AccessDenied', 'a redirect without a condition', { fields: { success_action_redirect: 'https://evil.test' } }],
    ['AccessDenied', 'no condition on the bucket', { conditions: CONDITIONS.slice(1) }],
    [
      'AccessDenied',
      'a condition on another bucket',
      { conditions: [{ bucket: 'other' }, ...CONDITIONS.slice(1)], fields: { bucket: 'other' } },
    ],
    ['AccessDenied', 'a key outside the prefix', { fields: { key: 'bar' } }],
    [
      'AccessDenied',
      'a field missing that a condition names',
      { conditions: [...CONDITIONS, ['starts-with', '$x-amz-meta-foo', 'bar']] },
    ],
    [
      'AccessDenied',
      'another value than eq asks for',
      { conditions: [...CONDITIONS, ['eq', '$x-amz-meta-foo', '']], fields: { 'x-amz-meta-foo': 'barclamp' } },
    ],
    [
      'AccessDenied',
      'a Content-Type of which one part does not fit',
      { fields: { 'content-type': 'text/plain,text/html' } },
    ],
    ['InvalidPolicyDocument', 'an empty condition', { conditions: [{}] }],
    ['InvalidPolicyDocument', 'a condition object of two', { conditions: [{ a: '1', b: '2' }] }],
    ['InvalidPolicyDocument', 'a condition on a number', { conditions: [{ a: 1 }] }],
    ['InvalidPolicyDocument', 'a null condition', { conditions: [null] }],
    ['InvalidPolicyDocument', 'an unknown operator', { conditions: [['ends-with', '$key', 'x']] }],
    ['InvalidPolicyDocument', 'a field without $', { conditions: [['eq', 'key', 'x']] }],
    ['InvalidPolicyDocument', 'a range of one', { conditions: [['content-length-range', 0]] }],
    ['InvalidPolicyDocument', 'a negative range', { conditions: [['content-length-range', -1, 0]] }],
    ['InvalidPolicyDocument', 'a range the wrong way round', { conditions: [['content-length-range', 2, 1]] }],
    ['InvalidPolicyDocument', 'another date form', { expiration: '2026-01-02 04:00:00+00:00' }],
    ['InvalidPolicyDocument', 'a date that is none', { expiration: '2026-13-45T04:00:00Z' }],
    ['InvalidPolicyDocument', 'EXPIRATION', { policy: { EXPIRATION: '2026-01-02T04:00:00Z', conditions: CONDITIONS } }],
    ['InvalidArgument', 'no key', { fields: { key: undefined } }],
    ['InvalidArgument', 'no signature', { fields: { signature: undefined, 'x-amz-signature': undefined } }],
    ['SignatureDoesNotMatch', 'the wrong secret', { secret: 'guessed' }],
    [
      'SignatureDoesNotMatch',
      'a policy made longer',
      { fields: { policy: encode({ expiration: '2036-01-02T04:00:00Z' }) } },
    ],
    ['InvalidToken', 'a session token', { fields: { 'x-amz-security-token': 't' } }],
  ])('answers %s to %s', (code, _, sketch) => {
    expect(() => verify(form(sketch))).toThrow(expect.objectContaining({ code }));
  });

  it('joins ranges', () => {
    const conditions = [...CONDITIONS, ['content-length-range', 10, 5000]];
    expect(verify(form({ conditions })).contentLengthRange).toEqual({ minimum: 10, maximum: 1024 });
  });
});

describe('PostPolicyVerifier', () => {
  it.each([
    'not json',
    '[]',
    '"text"',
    'null',
    '{"conditions":[]}',
    '{"expiration":"2026-01-02T04:00:00Z"}',
    '{"expiration":"2026-01-02T04:00:00Z","CONDITIONS":[]}',
  ])('answers InvalidPolicyDocument to the policy %s', (policy) => {
    expect(() => verify(v2Form({ policy }))).toThrow(expect.objectContaining({ code: 'InvalidPolicyDocument' }));
  });

  it('answers InvalidPolicyDocument to what is no base64', () => {
    const policy = '{}';
    const signature = createHmac('sha1', EXAMPLE.secretAccessKey).update(policy).digest('base64');
    const fields = v2Form({ fields: { policy, signature } });
    expect(() => verify(fields)).toThrow(expect.objectContaining({ code: 'InvalidPolicyDocument' }));
  });

  it.each(['__proto__', 'constructor', 'foo'])('does not know the key id %s', (accessKeyId) => {
    const v2 = v2Form({ fields: { awsaccesskeyid: accessKeyId } });
    expect(() => verify(v2)).toThrow(expect.objectContaining({ code: 'InvalidAccessKeyId' }));
    const v4 = v4Form({ fields: { 'x-amz-credential': `${accessKeyId}/20260102/us-east-1/s3/aws4_request` } });
    expect(() => verify(v4)).toThrow(expect.objectContaining({ code: 'InvalidAccessKeyId' }));
  });

  it('takes SigV2 only where it is on', () => {
    expect(() => verifier.verify(v2Form(), BUCKET, authSnapshot(['v4']), now)).toThrow(
      expect.objectContaining({ code: 'InvalidRequest' }),
    );
  });

  it('takes one signature only', () => {
    const fields = v4Form({ fields: { awsaccesskeyid: 'x', signature: 'x' } });
    expect(() => verify(fields)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  it.each([
    ['x-amz-algorithm', 'AWS4-HMAC-SHA1'],
    ['x-amz-date', 'yesterday'],
    ['x-amz-date', '20260103T030405Z'],
    ['x-amz-credential', `${EXAMPLE.accessKeyId}/20260102/eu-west-1/s3/aws4_request`],
    ['x-amz-credential', `${EXAMPLE.accessKeyId}/20260102/us-east-1/iam/aws4_request`],
    ['x-amz-credential', 'x'],
  ])('answers InvalidArgument to %s: %s', (name, value) => {
    expect(() => verify(v4Form({ fields: { [name]: value } }))).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });

  it('takes the forms of the AWS SDK', async () => {
    const client = new S3Client({ region: 'us-east-1', endpoint: 'http://127.0.0.1:9', credentials: EXAMPLE });
    const post = await createPresignedPost(client, {
      Bucket: BUCKET,
      Key: 'in/${filename}',
      Fields: { 'Content-Type': 'image/png' },
      Conditions: [['content-length-range', 1, 9]],
    });
    const fields = lowerCase(post.fields);
    fields.set('key', 'in/a.png');
    const grant = verify(fields, new Date());
    expect(grant).toMatchObject({ principal: EXAMPLE, contentLengthRange: { minimum: 1, maximum: 9 } });
  });
});

function lowerCase(fields: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}
