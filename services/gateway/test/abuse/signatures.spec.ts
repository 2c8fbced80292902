import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget, OLD } from '../support/abuse-target.js';
import type { RawResponse } from '../support/raw-connection.js';
import {
  formatHead,
  plainRequest,
  presignTarget,
  presignedRequest,
  sha256,
  signedRequest,
  signHead,
  type RawRequest,
} from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const WRONG = { ...MAIN, secretAccessKey: 'not the secret' };
const PUT: RawRequest = { method: 'PUT', target: '/victim/new', body: 'evil' };

function outcome({ status, code }: RawResponse): [number, string] {
  return [status, code];
}

function secondsAgo(seconds: number): Date {
  return new Date(Date.now() - seconds * 1000);
}

describe('headers that nobody signed', () => {
  it('a presigned PUT cannot be turned into a copy with an unsigned header (CVE-2026-54330, GHSA-g8w9-qw9q-fghr)', async () => {
    const answer = await target.presigned({
      method: 'PUT',
      target: '/victim/new',
      length: 0,
      unsigned: { 'x-amz-copy-source': '/victim/old' },
    });
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });

  it('a presigned PUT that is turned into a copy does not get its body read first', async () => {
    const request = { ...PUT, length: 1000, unsigned: { 'x-amz-copy-source': '/victim/old', expect: '100-continue' } };
    const answer = await target.send(await presignedRequest({ ...request, body: '' }, MAIN));
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });

  const headers = {
    'x-amz-copy-source': '/victim/old',
    'x-amz-tagging': 'a=b',
    'x-amz-acl': 'public-read',
    'x-amz-meta-a': 'b',
    'x-amz-website-redirect-location': 'http://evil.test/',
    'x-amz-storage-class': 'GLACIER',
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-object-lock-mode': 'COMPLIANCE',
    'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"',
    'x-amz-security-token': 'token',
    'x-amz-checksum-crc32': 'AAAAAA==',
    'x-amz-write-offset-bytes': '0',
    'X-AMZ-Meta-A': 'b',
  };
  it.each(Object.entries(headers))('a presigned PUT cannot be given %s', async (name, value) => {
    const { status } = await target.presigned({ ...PUT, unsigned: { [name]: value } });
    expect(status).toBeGreaterThanOrEqual(400);
  });

  it.each(Object.entries(headers))(
    'a PUT that is signed by header cannot be given %s on its way (GHSA-xm99-m3gq-83g8)',
    async (name, value) => {
      const { status } = await target.signed({ ...PUT, unsigned: { [name]: value } });
      expect(status).toBeGreaterThanOrEqual(400);
    },
  );

  it.each(['x-amz-copy-source=%2Fvictim%2Fold', 'x-amz-tagging=a%3Db', 'X-Amz-Copy-Source=%2Fvictim%2Fold'])(
    'a presigned PUT cannot be given the parameter %s, which stands for a header',
    async (parameter) => {
      const url = await presignTarget({ method: 'PUT', target: '/victim/new' }, MAIN);
      const answer = await target.anonymous({ method: 'PUT', target: `${url}&${parameter}`, length: 0 });
      expect(outcome(answer)).toEqual([403, 'SignatureDoesNotMatch']);
    },
  );

  it('a request that is signed by header does not take headers from its query', async () => {
    const answer = await target.anonymous({
      method: 'PUT',
      target: '/victim/new?x-amz-copy-source=victim%2Fold',
      length: 0,
    });
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });

  it('a presigned PUT cannot be made to store the framing of another body mode', async () => {
    const unsigned = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '4',
    };
    const answer = await target.presigned({ ...PUT, body: '4\r\nevil\r\n0\r\n\r\n', unsigned });
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });
});

describe('signatures that are not whole', () => {
  it.each([
    ['without host', 'x-amz-content-sha256;x-amz-date'],
    ['with an empty name', 'host;;x-amz-content-sha256;x-amz-date'],
    ['unsorted', 'x-amz-date;host;x-amz-content-sha256'],
    ['in upper case', 'Host;X-Amz-Content-Sha256;X-Amz-Date'],
    ['with a name twice', 'host;host;x-amz-content-sha256;x-amz-date'],
    ['empty', ''],
  ])('SignedHeaders %s is not accepted', async (_name, list) => {
    const tamper = (headers: Record<string, string>): void => {
      headers['authorization'] = headers['authorization']!.replace(/SignedHeaders=[^,]+/, `SignedHeaders=${list}`);
    };
    expect(outcome(await target.signed({ ...PUT, tamper }))).toEqual([400, 'AuthorizationHeaderMalformed']);
  });

  it('a request is not let in by whichever of two mechanisms holds', async () => {
    const url = await presignTarget({ method: 'PUT', target: '/victim/new' }, MAIN);
    const wrong = await signHead({ ...PUT, target: url }, WRONG);
    expect(outcome(await target.send(`${wrong.head}evil`))).toEqual([400, 'InvalidArgument']);
    const forged = `/victim/new?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00`;
    expect(outcome(await target.signed({ ...PUT, target: forged }))).toEqual([400, 'InvalidArgument']);
  });

  it('a foreign Authorization does not make a presigned URL fail, nor stand in for a signature', async () => {
    const unsigned = { authorization: 'Bearer of-a-proxy' };
    expect((await target.presigned({ target: '/victim/old', unsigned })).status).toBe(200);
    expect((await target.anonymous({ target: '/victim/old', unsigned })).status).toBe(400);
  });

  it.each(['AWS4-HMAC-SHA1', 'AWS4-HMAC-SHA256-PAYLOAD', 'AWS4-ECDSA-P256-SHA256', 'aws4-hmac-sha256', 'NONE'])(
    'the algorithm %s is not taken for the one that is known',
    async (algorithm) => {
      const tamper = (headers: Record<string, string>): void => {
        headers['authorization'] = headers['authorization']!.replace('AWS4-HMAC-SHA256', algorithm);
      };
      expect((await target.signed({ ...PUT, tamper })).status).toBe(400);
      const url = await presignTarget({ method: 'PUT', target: '/victim/new' }, MAIN);
      const { status } = await target.anonymous({ ...PUT, target: url.replace('AWS4-HMAC-SHA256', algorithm) });
      expect(status).toBe(400);
    },
  );

  it.each(['', 'Signature=', 'AWS4-HMAC-SHA256', 'AWS', 'AWS MAINKEY', 'AWS MAINKEY:', 'Basic TUFJTktFWTp4', ','])(
    'the Authorization "%s" does not let anybody in',
    async (authorization) => {
      const answer = await target.anonymous({ ...PUT, headers: { authorization } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  it.each(['', '0', '0'.repeat(64), '0'.repeat(63), 'zz'.repeat(32), `${'0'.repeat(64)} `])(
    'the signature "%s" is not taken for the right one',
    async (signature) => {
      const tamper = (headers: Record<string, string>): void => {
        headers['authorization'] = headers['authorization']!.replace(/Signature=.*/, `Signature=${signature}`);
      };
      expect([400, 403]).toContain((await target.signed({ ...PUT, tamper })).status);
    },
  );

  it('SigV2 does not let anybody in while it is off', async () => {
    const url = '/victim/old?AWSAccessKeyId=MAINKEY&Expires=99999999999&Signature=x';
    expect((await target.anonymous({ target: url })).status).toBeGreaterThanOrEqual(400);
  });
});

describe('body modes', () => {
  const trailer = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const body = '4\r\nevil\r\n0\r\n\r\n';
  const headers = { 'x-amz-decoded-content-length': '4' };

  it('an unsigned trailer does not come with an unchecked signature (CVE-2025-31489, CVE-2026-40344)', async () => {
    const { head } = await signHead({ ...PUT, headers, payload: trailer, body }, WRONG);
    expect(outcome(await target.send(head + body))).toEqual([403, 'SignatureDoesNotMatch']);
  });

  it('an unsigned trailer does not come with unchecked credentials in the query (CVE-2026-41145)', async () => {
    const request = { ...PUT, headers: { ...headers, 'x-amz-content-sha256': trailer }, body };
    expect(outcome(await target.presigned(request, WRONG))).toEqual([403, 'SignatureDoesNotMatch']);
  });

  it('an unsigned trailer does not come without any credentials', async () => {
    const request = { ...PUT, headers: { ...headers, 'x-amz-content-sha256': trailer }, body };
    expect(outcome(await target.anonymous(request))).toEqual([403, 'AccessDenied']);
    const unknown = { ...MAIN, accessKeyId: 'NOBODY' };
    expect(outcome(await target.presigned(request, unknown))).toEqual([403, 'InvalidAccessKeyId']);
  });

  it.each([
    ['POST', '/victim?delete'],
    ['POST', '/victim/new?uploadId=0123456789abcdef0123456789abcdef'],
    ['PUT', '/victim?tagging'],
    ['PUT', '/victim?cors'],
    ['PUT', '/victim/old?tagging'],
    ['GET', '/victim/old'],
  ])('%s %s does not take a body that nobody signed as a whole', async (method, path) => {
    for (const payload of [trailer, 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']) {
      const answer = await target.signed({ method, target: path, headers, payload, body });
      expect(outcome(answer)).toEqual([400, 'InvalidRequest']);
    }
  });

  it('a body cannot be swapped under the hash that was signed', async () => {
    expect(outcome(await target.signed({ ...PUT, payload: sha256('good') }))).toEqual([
      400,
      'XAmzContentSHA256Mismatch',
    ]);
  });

  it.each(['X-Amz-Content-Sha256', 'x-amz-content-sha256'])(
    'a body cannot be swapped under the hash that a presigned URL pins as %s',
    async (name) => {
      const pinned = { method: 'PUT', target: `/victim/new?${name}=${sha256('good')}`, payload: sha256('good') };
      const url = await presignTarget(pinned, MAIN);
      const answer = await target.anonymous({ ...PUT, target: url });
      expect(outcome(answer)).toEqual([400, 'XAmzContentSHA256Mismatch']);
    },
  );

  it.each([
    '',
    'UNSIGNED',
    'unsigned-payload',
    '0'.repeat(63),
    'STREAMING-',
    'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD',
  ])('the payload hash "%s" does not switch the check off', async (payload) => {
    const { status } = await target.signed({ ...PUT, payload });
    expect(status).toBeGreaterThanOrEqual(400);
  });
});

describe('time and scope', () => {
  const year = 365 * 24 * 3600;
  it.each([year, -year, 16 * 60, -16 * 60])('a request signed %i s ago is not accepted', async (seconds) => {
    expect(outcome(await target.signed({ ...PUT, at: secondsAgo(seconds) }))).toEqual([403, 'RequestTimeTooSkewed']);
  });

  it('a request without a date is not accepted', async () => {
    const answer = await target.signed({ ...PUT, tamper: (headers) => delete headers['x-amz-date'] });
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });

  it.each([
    ['another day', /\/\d{8}\//, '/20200101/'],
    ['another region', '/us-east-1/', '/eu-west-1/'],
    ['the service iam (CVE-2026-55873)', '/s3/', '/iam/'],
    ['the service s3tables (CVE-2026-55873)', '/s3/', '/s3tables/'],
    ['another terminator', 'aws4_request', 'aws5_request'],
  ])('a credential for %s is not accepted', async (_name, from, to) => {
    const tamper = (headers: Record<string, string>): void => {
      headers['authorization'] = headers['authorization']!.replace(from, to);
    };
    expect(outcome(await target.signed({ ...PUT, tamper }))).toEqual([400, 'AuthorizationHeaderMalformed']);
  });

  it.each(['-1', '0', '604801', '1e3', '9000000000000000000', '', ' 60', '0x10', '60&X-Amz-Expires=60', 'NaN'])(
    'a presigned URL with X-Amz-Expires=%s is not accepted',
    async (expires) => {
      const url = await presignTarget({ target: '/victim/old' }, MAIN);
      const answer = await target.anonymous({ target: url.replace(/X-Amz-Expires=\d+/, `X-Amz-Expires=${expires}`) });
      expect(answer.status).toBe(400);
    },
  );

  it('a presigned URL does not outlive its time by a second', async () => {
    const request = { target: '/victim/old' };
    expect(outcome(await target.presigned({ ...request, at: secondsAgo(61) }, MAIN, 60))).toEqual([
      403,
      'AccessDenied',
    ]);
    expect((await target.presigned({ ...request, at: secondsAgo(6 * 24 * 3600) }, MAIN, 604_800)).status).toBe(200);
  });

  it('a presigned URL does not work before its time', async () => {
    const answer = await target.presigned({ target: '/victim/old', at: secondsAgo(-year) }, MAIN, 604_800);
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });
});

describe('what was signed cannot be changed', () => {
  it.each([
    ['another key', 'GET', (url: string) => url.replace('/victim/old', '/victim/new')],
    ['another bucket', 'GET', (url: string) => url.replace('/victim/', '/theirs/')],
    ['a parameter more', 'GET', (url: string) => `${url}&partNumber=1`],
    ['a parameter less', 'GET', (url: string) => url.replace('response-expires=0&', '')],
    ['another value', 'GET', (url: string) => url.replace('response-expires=0', 'response-expires=1')],
    [
      'a value twice',
      'GET',
      (url: string) => url.replace('response-expires=0', 'response-expires=0&response-expires=0'),
    ],
    ['the method HEAD', 'HEAD', (url: string) => url],
    ['the method DELETE', 'DELETE', (url: string) => url],
    ['the method PUT', 'PUT', (url: string) => url],
    ['another path of the same file', 'GET', (url: string) => url.replace('/victim/old', '/victim/./old')],
    ['an encoded slash', 'GET', (url: string) => url.replace('/victim/old', '/victim%2Fold')],
  ])('a presigned GET is not good for %s', async (_name, method, change) => {
    const url = await presignTarget({ target: '/victim/old?response-expires=0' }, MAIN);
    expect((await target.anonymous({ target: url })).status).toBe(200);
    const { status } = await target.send(plainRequest({ method, target: change(url), length: 0 }), method);
    expect([400, 403]).toContain(status);
  });

  it('the order of parameters is no part of what was signed, and neither is an "=" without a value', async () => {
    for (const path of ['/victim?prefix=&list-type=2&delimiter', '/victim?delimiter=&list-type=2&prefix']) {
      expect((await target.signed({ target: path })).status).toBe(200);
    }
  });

  it('a parameter that stands twice is not checked in one place and obeyed in another', async () => {
    const answer = await target.signed({ target: '/victim?list-type=2&prefix=a&prefix=b' });
    expect(outcome(answer)).toEqual([400, 'InvalidArgument']);
  });

  it('spaces and tabs in a header do not change what it says', async () => {
    const { head } = await signHead({ target: '/victim/old', headers: { 'x-amz-meta-a': 'a b' } }, MAIN);
    const answer = await target.send(head.replace('x-amz-meta-a: a b', 'x-amz-meta-a: \t a  \t b \t'));
    expect([answer.status, answer.body.toString()]).toEqual([200, OLD]);
  });
});

describe('keys that nobody has', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'MAINKEY ', 'mainkey', 'MAINKEY/x', ''])(
    'the access key id "%s" is not found anywhere',
    async (accessKeyId) => {
      const { status, code } = await target.signed(PUT, { ...MAIN, accessKeyId });
      expect([400, 403]).toContain(status);
      expect(['InvalidAccessKeyId', 'AuthorizationHeaderMalformed']).toContain(code);
    },
  );

  it('an unknown key and a wrong secret are not told apart by anything but the code', async () => {
    const unknown = await target.signed(PUT, { ...WRONG, accessKeyId: 'NOBODYS' });
    const wrong = await target.signed(PUT, WRONG);
    expect([outcome(unknown), outcome(wrong)]).toEqual([
      [403, 'InvalidAccessKeyId'],
      [403, 'SignatureDoesNotMatch'],
    ]);
    expect(unknown.headers.map(([name]) => name)).toEqual(wrong.headers.map(([name]) => name));
  });

  it('the secret is in no answer', async () => {
    for (const request of [PUT, { target: '/victim/old' }]) {
      const answer = await target.signed(request, WRONG);
      expect(answer.body.toString()).not.toContain(MAIN.secretAccessKey);
    }
  });
});

describe('requests without a signature', () => {
  const etag = '"00000000000000000000000000000000"';
  it.each([
    { 'if-none-match': '*' },
    { 'if-none-match': etag },
    { 'if-match': etag },
    { 'if-modified-since': 'Wed, 21 Oct 2015 07:28:00 GMT' },
    { 'if-unmodified-since': 'Wed, 21 Oct 2015 07:28:00 GMT' },
    { range: 'bytes=1000-' },
  ])('%o does not tell whether an object is there (CVE-2024-36107)', async (headers) => {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      for (const key of ['old', 'none']) {
        const answer = await target.send(plainRequest({ method, target: `/victim/${key}`, headers }), method);
        expect(answer.status).toBe(403);
      }
    }
    const answer = await target.send(plainRequest({ ...PUT, headers }));
    expect(outcome(answer)).toEqual([403, 'AccessDenied']);
  });

  it.each([
    '?tagging',
    '?acl',
    '?attributes',
    '?uploads',
    '?uploadId=x',
    '?versionId=null',
    '?partNumber=1',
    '?lifecycle',
    '?policy',
  ])('/victim/old%s does not tell whether an object is there', async (query) => {
    const [there, absent] = await Promise.all(
      ['old', 'none'].map((key) => target.anonymous({ target: `/victim/${key}${query}` })),
    );
    expect(outcome(there as RawResponse)).toEqual(outcome(absent as RawResponse));
    expect((there as RawResponse).status).toBeGreaterThanOrEqual(400);
  });

  it('a public object is not made to run as a page', async () => {
    const answer = await target.anonymous({ target: '/public/page?response-content-type=text%2Fhtml' });
    expect(outcome(answer)).toEqual([400, 'InvalidRequest']);
    expect((await target.anonymous({ target: '/public/page' })).header('x-content-type-options')).toBe('nosniff');
  });

  it('a public bucket is not written to, deleted from or configured', async () => {
    const requests: RawRequest[] = [
      { method: 'PUT', target: '/public/new', body: 'evil' },
      { method: 'DELETE', target: '/public/page' },
      { method: 'POST', target: '/public/new?uploads', length: 0 },
      { method: 'PUT', target: '/public?cors', body: '<CORSConfiguration/>' },
      { method: 'PUT', target: '/public?tagging', body: '<Tagging/>' },
      { method: 'PUT', target: '/public/page?tagging', body: '<Tagging/>' },
      { method: 'PUT', target: '/public/new', length: 0, headers: { 'x-amz-copy-source': '/public/page' } },
      { method: 'DELETE', target: '/public' },
      { method: 'PUT', target: '/newbucket', length: 0 },
      { target: '/' },
    ];
    for (const request of requests) expect(outcome(await target.anonymous(request))).toEqual([403, 'AccessDenied']);
  });
});

describe('requests that are refused before their body', () => {
  it('a client with a bad signature is not told to send its body', async () => {
    await using connection = await target.connect();
    const { head } = await signHead({ ...PUT, unsigned: { expect: '100-continue' } }, WRONG);
    const answer = await connection.write(head).response();
    expect(outcome(answer)).toEqual([403, 'SignatureDoesNotMatch']);
  });

  it('a client whose request cannot succeed is not told to send its body', async () => {
    const refused: RawRequest[] = [
      { ...PUT, target: '/theirs/new' },
      { ...PUT, target: '/victim/../new' },
      { ...PUT, headers: { 'content-md5': 'nonsense' } },
      { ...PUT, headers: { 'if-none-match': '*' }, target: '/victim/old' },
    ];
    for (const request of refused) {
      await using connection = await target.connect();
      const { head } = await signHead({ ...request, unsigned: { expect: '100-continue' } }, MAIN);
      expect((await connection.write(head).response()).status).toBeGreaterThanOrEqual(400);
    }
  });

  it('a client with a good signature is told to send its body, once', async () => {
    await using connection = await target.connect();
    const { head } = await signHead({ ...PUT, payload: sha256('other'), unsigned: { expect: '100-continue' } }, MAIN);
    expect((await connection.write(head).response()).status).toBe(100);
    const answer = await connection.write('evil').response();
    expect(outcome(answer)).toEqual([400, 'XAmzContentSHA256Mismatch']);
  });

  it('5 TB with a bad signature are not waited for, nor counted as received', async () => {
    await using connection = await target.connect();
    const { head } = await signHead({ ...PUT, length: 5 * 1024 ** 4 }, WRONG);
    expect(outcome(await connection.write(head).response())).toEqual([403, 'SignatureDoesNotMatch']);
    connection.socket.end();
    await connection.closed();
    await expect.poll(() => target.gateway.observer.records.at(-1)?.errorCode).toBe('SignatureDoesNotMatch');
    expect(target.gateway.observer.records.at(-1)?.bytesIn).toBeLessThan(10_000);
  });

  it('a PUT of more than S3 takes is not begun', async () => {
    const answer = await target.signed({ ...PUT, payload: 'UNSIGNED-PAYLOAD', length: 6 * 1024 ** 4 });
    expect(outcome(answer)).toEqual([400, 'EntityTooLarge']);
  });

  it('a PUT without a length is not taken for an empty object', async () => {
    const { head } = await signHead({ method: 'PUT', target: '/victim/new', payload: 'UNSIGNED-PAYLOAD' }, MAIN);
    expect(outcome(await target.send(head))).toEqual([411, 'MissingContentLength']);
  });

  it('a GET with a body is not served', async () => {
    expect(outcome(await target.anonymous({ target: '/public/page', body: 'x' }))).toEqual([400, 'UnexpectedContent']);
  });

  it('HTTP/1.0 without a Host is not served another tenant', async () => {
    const answer = await target.send('GET /victim/old HTTP/1.0\r\n\r\n');
    expect(answer.status).toBe(403);
    expect((await target.send(formatHead('GET', '/victim/old', {}))).status).toBe(400);
  });

  it('a whole upload with a bad signature is answered, not reset', async () => {
    const bytes = await signedRequest({ ...PUT, body: Buffer.alloc(8 * 1024 * 1024) }, WRONG);
    expect(outcome(await target.send(bytes))).toEqual([403, 'SignatureDoesNotMatch']);
  });
});
