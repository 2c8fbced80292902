import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget } from '../support/abuse-target.js';
import { FORM_END, formPart, postForm, type PostForm } from '../support/post-form.js';
import type { RawResponse } from '../support/raw-connection.js';
import { signHead } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const outcome = ({ status, code }: RawResponse): [number, string] => [status, code];
const post = (form: Partial<PostForm>): Promise<RawResponse> =>
  target.send(postForm({ bucket: 'victim', fields: { key: 'new' }, identity: MAIN, ...form }));

const BUCKET = { bucket: 'victim' };
const KEY = ['eq', '$key', 'new'];

describe('a form is not stored', () => {
  it.each<[string, Partial<PostForm>, number, string]>([
    ['without a policy (s3proxy c2ee30a8)', { tamper: { policy: undefined } }, 403, 'AccessDenied'],
    [
      'without policy and signature',
      { tamper: { policy: undefined, 'x-amz-signature': undefined, 'x-amz-credential': undefined } },
      403,
      'AccessDenied',
    ],
    ['with an empty policy', { tamper: { policy: '' } }, 403, 'SignatureDoesNotMatch'],
    ['without a signature (CVE-2023-28434)', { tamper: { 'x-amz-signature': undefined } }, 400, 'InvalidArgument'],
    ['with a wrong signature', { tamper: { 'x-amz-signature': '0'.repeat(64) } }, 403, 'SignatureDoesNotMatch'],
    ['with another algorithm', { tamper: { 'x-amz-algorithm': 'NONE' } }, 400, 'InvalidArgument'],
    ['of a key that nobody has', { identity: { ...MAIN, accessKeyId: '__proto__' } }, 403, 'InvalidAccessKeyId'],
    [
      'of another region',
      { tamper: { 'x-amz-credential': 'MAINKEY/20260101/eu-west-1/s3/aws4_request' } },
      400,
      'InvalidArgument',
    ],
    ['with a policy that is over', { expiration: '2020-01-01T00:00:00Z' }, 403, 'AccessDenied'],
    ['with a policy without an end', { expiration: 'never' }, 400, 'InvalidPolicyDocument'],
    ['with a policy whose day does not exist', { expiration: '2099-13-45T00:00:00Z' }, 400, 'InvalidPolicyDocument'],
    ['with a policy for another bucket', { conditions: [{ bucket: 'theirs' }, KEY] }, 403, 'AccessDenied'],
    ['with a policy for no bucket', { conditions: [KEY] }, 403, 'AccessDenied'],
    ['with a policy for another key', { conditions: [BUCKET, ['eq', '$key', 'other']] }, 403, 'AccessDenied'],
    [
      'with a policy for another prefix',
      { conditions: [BUCKET, ['starts-with', '$key', 'user/']] },
      403,
      'AccessDenied',
    ],
    ['with a policy for no key', { conditions: [BUCKET] }, 403, 'AccessDenied'],
    ['with a field that the policy does not name', { tamper: { 'x-amz-meta-a': 'b' } }, 403, 'AccessDenied'],
    ['with an ACL that the policy does not name', { tamper: { acl: 'public-read' } }, 403, 'AccessDenied'],
    ['with tags that the policy does not name', { tamper: { tagging: '<Tagging/>' } }, 403, 'AccessDenied'],
    [
      'with a redirect that the policy does not name',
      { tamper: { success_action_redirect: 'http://evil.test' } },
      403,
      'AccessDenied',
    ],
    ['with another key than was signed for', { tamper: { key: 'other' } }, 403, 'AccessDenied'],
    ['with a key in two spellings', { tamper: { KEY: 'other' } }, 400, 'InvalidArgument'],
    [
      'with a type that only begins right',
      {
        fields: { key: 'new', 'Content-Type': 'image/png, text/html' },
        conditions: [BUCKET, KEY, ['starts-with', '$Content-Type', 'image/']],
      },
      403,
      'AccessDenied',
    ],
    [
      'with a file that is too long',
      { conditions: [BUCKET, KEY, ['content-length-range', 0, 3]] },
      400,
      'EntityTooLarge',
    ],
    [
      'with a file that is too short',
      { conditions: [BUCKET, KEY, ['content-length-range', 5, 10]] },
      400,
      'EntityTooSmall',
    ],
    [
      'with a range that is none',
      { conditions: [BUCKET, KEY, ['content-length-range', -1, 'x']] },
      400,
      'InvalidPolicyDocument',
    ],
    [
      'with an operator that nobody knows',
      { conditions: [BUCKET, KEY, ['matches', '$key', '.*']] },
      400,
      'InvalidPolicyDocument',
    ],
    ['with conditions that are no list', { conditions: 'all' as never }, 400, 'InvalidPolicyDocument'],
    ['with a key that comes behind the file', { behind: ['key'] }, 400, 'InvalidArgument'],
    ['with a policy that comes behind the file', { behind: ['policy'] }, 403, 'AccessDenied'],
    ['without a key', { fields: {}, conditions: [BUCKET] }, 400, 'InvalidArgument'],
    ['with a session token', { tamper: { 'x-amz-security-token': 'x' } }, 400, 'InvalidToken'],
    ['without an end', { body: formPart('key', 'new') }, 400, ''],
    ['that is empty', { body: '' }, 400, ''],
    ['without a file', { body: formPart('key', 'new') + FORM_END }, 400, 'InvalidArgument'],
    [
      'with 1,000 fields',
      { body: Array.from({ length: 1000 }, (_, i) => formPart(`f${i}`, 'x')).join('') + FORM_END },
      400,
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'with a field of 1 MB',
      { body: formPart('key', 'x'.repeat(1024 * 1024)) + FORM_END },
      400,
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'with 1 MB of parts that have no name',
      { body: '--the-boundary-of-the-form\r\n\r\nx\r\n'.repeat(32_000) + FORM_END },
      400,
      '',
    ],
    [
      'with a part header of 1 MB',
      {
        body: `--the-boundary-of-the-form\r\nContent-Disposition: form-data; name="${'x'.repeat(1024 * 1024)}"\r\n\r\n`,
      },
      400,
      '',
    ],
    ['as JSON', { headers: { 'content-type': 'application/json' } }, 412, 'PreconditionFailed'],
    ['urlencoded', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 412, 'PreconditionFailed'],
    ['without a boundary', { headers: { 'content-type': 'multipart/form-data' } }, 412, 'PreconditionFailed'],
    ['with an empty boundary', { headers: { 'content-type': 'multipart/form-data; boundary=' } }, 400, ''],
    ['that ends early', { headers: { 'content-length': '40' } }, 400, 'MalformedPOSTRequest'],
  ])('%s', async (_name, form, status, code) => {
    const answer = await post(form);
    expect(outcome(answer)).toEqual([status, code === '' ? expect.any(String) : code]);
  });

  it('because its request is signed by header, which says nothing of its fields', async () => {
    const body = formPart('key', 'new') + formPart('file', 'evil') + FORM_END;
    const headers = { 'content-type': 'multipart/form-data; boundary=the-boundary-of-the-form' };
    const answer = await target.signed({ method: 'POST', target: '/victim', body, headers });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it('when its client goes away in the middle of the file', async () => {
    await using connection = await target.connect();
    const form = postForm({
      bucket: 'victim',
      fields: { key: 'old' },
      identity: MAIN,
      file: Buffer.alloc(1_000_000),
      headers: { 'content-length': '5000000' },
    });
    connection.write(form.subarray(0, form.length - 100));
    await expect.poll(() => connection.socket.writableLength).toBe(0);
    connection.socket.resetAndDestroy();
  });

  it('when it is as long as it likes to be', async () => {
    await using connection = await target.connect();
    const { head } = await signHead({ method: 'POST', target: '/victim', length: 6 * 1024 ** 4 }, MAIN);
    connection.write(head.replace(/authorization: .*\r\n/, 'content-type: multipart/form-data; boundary=b\r\n'));
    connection.write('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n');
    connection.write(Buffer.alloc(1024 * 1024, 0x61));
    expect((await connection.response()).status).toBe(400);
  });
});

describe('a form that its policy allows', () => {
  it('may leave out or fill in what a condition leaves open', async () => {
    const open = { conditions: [BUCKET, ['starts-with', '$key', ''], ['starts-with', '$x-amz-meta-a', '']] };
    expect((await post({ ...open, fields: { key: 'form' } })).status).toBe(204);
    expect((await target.read('victim/form')).toString()).toBe('evil');
    expect((await target.signed({ method: 'DELETE', target: '/victim/form' })).status).toBe(204);
  });
});
