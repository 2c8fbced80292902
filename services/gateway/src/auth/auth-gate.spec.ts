import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  authSnapshot,
  EMPTY_SHA256,
  EXAMPLE,
  EXAMPLE_TIME,
  oracle,
  oracleRequest,
  presign,
  signByHeader,
  wireRequest,
  type WireRequest,
} from '../../test/support/auth-fixture.js';
import type { Snapshot } from '../config/snapshot.js';
import type { BodyKind } from '../body/body-kind.js';
import { AuthGate } from './auth-gate.js';
import type { Authentication } from './authentication.js';
import { ANONYMOUS } from './identity.js';

const gate = new AuthGate();
const host = 's3.example.com';
const put: WireRequest = { method: 'PUT', target: '/bucket/key', headers: { host } };
const get: WireRequest = { method: 'GET', target: '/bucket/key', headers: { host } };
const HOUR = 3_600_000;

function authenticate(wire: WireRequest, bodyKind: BodyKind = 'object', snapshot = authSnapshot()): Authentication {
  return gate.authenticate(wireRequest(wire), bodyKind, snapshot);
}

function refused(wire: WireRequest, code: string, bodyKind?: BodyKind, snapshot?: Snapshot): Error {
  try {
    authenticate(wire, bodyKind, snapshot);
  } catch (error) {
    expect(error).toMatchObject({ code });
    return error as Error;
  }
  throw new Error(`accepted, expected ${code}`);
}

function withHeaders(wire: WireRequest, headers: Record<string, string>): WireRequest {
  return { ...wire, headers: { ...wire.headers, ...headers } };
}

function withAuthorization(wire: WireRequest, change: (value: string) => string): WireRequest {
  return withHeaders(wire, { authorization: change(wire.headers['authorization']!) });
}

function withTarget(wire: WireRequest, from: string | RegExp, to: string): WireRequest {
  const target = wire.target.replace(from, to);
  expect(target).not.toBe(wire.target);
  return { ...wire, target };
}

const UNSIGNED_HEADERS = [
  'x-amz-copy-source',
  'x-amz-tagging',
  'x-amz-acl',
  'x-amz-meta-owner',
  'x-amz-website-redirect-location',
  'x-amz-storage-class',
];

describe('headers that are not signed', () => {
  it.each(UNSIGNED_HEADERS)('a presigned upload does not take %s from its holder (CVE-2026-54330)', async (name) => {
    const error = refused(withHeaders(await presign(put), { [name]: '/other/secret' }), 'AccessDenied');
    expect(error.message).toContain(name);
  });

  it.each(UNSIGNED_HEADERS)('a replayed upload does not take %s (GHSA-xm99-m3gq-83g8)', async (name) => {
    refused(withHeaders(await signByHeader(put), { [name]: 'x' }), 'AccessDenied');
  });

  it.each([
    'x-amz-decoded-content-length',
    'x-amz-trailer',
    'x-amz-checksum-algorithm',
    'x-amz-sdk-checksum-algorithm',
    'x-amzn-trace-id',
    'content-type',
  ])('%s may stay unsigned (restic/restic#22033)', async (name) => {
    expect(authenticate(withHeaders(await presign(put), { [name]: 'x' })).principal).toBe(EXAMPLE);
    expect(authenticate(withHeaders(await signByHeader(put), { [name]: 'x' })).principal).toBe(EXAMPLE);
  });

  it.each(['x-amz-date', 'host;;x-amz-date', 'x-amz-date;host', 'host;X-Amz-Date', 'host;host', 'host;x-amz-date;'])(
    'SignedHeaders=%s is malformed',
    async (list) => {
      const signed = withAuthorization(await signByHeader(put), (value) =>
        value.replace(/SignedHeaders=[^,]*/, `SignedHeaders=${list}`),
      );
      refused(signed, 'AuthorizationHeaderMalformed');
      const presigned = withTarget(await presign(put), /X-Amz-SignedHeaders=[^&]*/, `X-Amz-SignedHeaders=${list}`);
      refused(presigned, 'AuthorizationQueryParametersError');
    },
  );
});

describe('mechanisms', () => {
  it('takes one only', async () => {
    const { authorization } = (await signByHeader(put)).headers;
    refused(withHeaders(await presign(put), { authorization: authorization! }), 'InvalidArgument');
    refused(withHeaders(await presign(put), { authorization: 'AWS AKID:c2ln' }), 'InvalidArgument');
    refused({ ...(await presign(put)), target: `${(await presign(put)).target}&Signature=x` }, 'InvalidArgument');
    const both = await signByHeader({ ...put, target: '/bucket/key?AWSAccessKeyId=x&Expires=1&Signature=x' });
    refused(both, 'InvalidArgument');
  });

  it('passes over a foreign Authorization beside a presigned URL', async () => {
    const { scheme } = authenticate(withHeaders(await presign(put), { authorization: 'Bearer ey.J.x' }));
    expect(scheme).toBe('v4-query');
  });

  it.each([
    'Bearer token',
    'Basic dTpw',
    'token',
    'AWS4-HMAC-SHA1 Credential=x',
    'AWS4-ECDSA-P256-SHA256 Credential=x',
  ])('refuses the authorization %s', (authorization) => {
    const error = refused(withHeaders(get, { authorization }), 'InvalidArgument');
    expect(JSON.stringify(error)).not.toContain('dTpw');
  });

  it.each([
    'AWS4-HMAC-SHA256',
    'AWS4-HMAC-SHA256 ',
    'AWS4-HMAC-SHA256 Credential=a/20130524/us-east-1/s3/aws4_request',
    'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=x',
    'AWS4-HMAC-SHA256 Credential=/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x',
    'AWS4-HMAC-SHA256 Credential=a/20130524/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x, Signature=y',
  ])('refuses the malformed authorization %s', (authorization) => {
    refused(withHeaders(get, { authorization, 'x-amz-date': '20130524T000000Z' }), 'AuthorizationHeaderMalformed');
  });

  it('takes a request without credentials, or with an empty header, as anonymous', () => {
    expect(authenticate(get)).toEqual({ principal: ANONYMOUS, framing: { kind: 'plain' }, scheme: 'anonymous' });
    expect(authenticate(withHeaders(get, { authorization: '' })).principal).toBe(ANONYMOUS);
  });

  it('refuses session tokens, signed or not', async () => {
    refused(await signByHeader(withHeaders(get, { 'x-amz-security-token': 't' })), 'InvalidToken');
    refused(withTarget(await presign(get), '?', '?X-Amz-Security-Token=t&'), 'InvalidToken');
  });
});

describe('keys', () => {
  it.each(['__proto__', 'constructor', 'toString', 'a/b', 'unknown'])(
    'the key id %s is unknown',
    async (accessKeyId) => {
      const identity = { ...EXAMPLE, accessKeyId };
      refused(await signByHeader(get, identity), 'InvalidAccessKeyId');
      refused(await presign(get, 60, identity), 'InvalidAccessKeyId');
    },
  );

  it('takes key ids that the client’s own parsers trip over', async () => {
    const identity = { ...EXAMPLE, accessKeyId: '__proto__/x' };
    const snapshot = authSnapshot(['v4'], [identity]);
    expect(authenticate(await signByHeader(get, identity), 'object', snapshot).principal).toBe(identity);
  });

  it('tells what was signed, without the secret', async () => {
    const error = refused(await signByHeader(get, { ...EXAMPLE, secretAccessKey: 'other' }), 'SignatureDoesNotMatch');
    expect(error).toMatchObject({
      details: {
        AWSAccessKeyId: EXAMPLE.accessKeyId,
        StringToSign: expect.stringMatching(/^AWS4-HMAC-SHA256\n20130524T000000Z\n/),
        SignatureProvided: expect.stringMatching(/^[0-9a-f]{64}$/),
        CanonicalRequest: expect.stringMatching(/^GET\n\/bucket\/key\n\nhost:s3\.example\.com\n/),
      },
    });
    expect(JSON.stringify(error)).not.toContain(EXAMPLE.secretAccessKey);
  });

  it('follows the snapshot that it is given: a revoked or rotated key fails at once', async () => {
    const signed = await signByHeader(get);
    expect(authenticate(signed).principal).toBe(EXAMPLE);
    refused(signed, 'InvalidAccessKeyId', 'object', authSnapshot(['v4'], []));
    const rotated = authSnapshot(['v4'], [{ ...EXAMPLE, secretAccessKey: 'rotated' }]);
    refused(signed, 'SignatureDoesNotMatch', 'object', rotated);
  });

  it.each(['', 'x', '0'.repeat(64), '0'.repeat(65), 'g'.repeat(64)])(
    'the signature %j is no signature',
    async (hex) => {
      const signed = withAuthorization(await signByHeader(get), (value) =>
        value.replace(/Signature=.*/, `Signature=${hex}`),
      );
      refused(signed, hex === '' ? 'AuthorizationHeaderMalformed' : 'SignatureDoesNotMatch');
    },
  );
});

describe('time and scope', () => {
  it.each([
    [15 * 60_000, undefined],
    [-15 * 60_000, undefined],
    [15 * 60_000 + 1000, 'RequestTimeTooSkewed'],
    [-15 * 60_000 - 1000, 'RequestTimeTooSkewed'],
    [-365 * 24 * HOUR, 'RequestTimeTooSkewed'],
  ])('a request that is %d ms old', async (age, code) => {
    const signed = { ...(await signByHeader(get)), now: new Date(EXAMPLE_TIME.getTime() + age) };
    if (code) refused(signed, code);
    else expect(authenticate(signed).principal).toBe(EXAMPLE);
  });

  it.each([
    '',
    'garbage',
    '20130524',
    '20130524T000000',
    '2013-05-24T00:00:00Z',
    '20130231T000000Z',
    '20130524T250000Z',
  ])('x-amz-date: %j is no date', async (date) => {
    refused(withHeaders(await signByHeader(get), { 'x-amz-date': date }), 'AccessDenied');
  });

  it.each([
    ['region', '/eu-west-1/s3/aws4_request'],
    ['service', '/us-east-1/iam/aws4_request'],
    ['service', '/us-east-1/s3tables/aws4_request'],
    ['terminator', '/us-east-1/s3/aws4'],
  ])('a wrong %s in the scope %s is refused', async (_, scope) => {
    const signed = withAuthorization(await signByHeader(get), (value) =>
      value.replace('/us-east-1/s3/aws4_request', scope),
    );
    const error = refused(signed, 'AuthorizationHeaderMalformed');
    if (scope.includes('eu-west-1')) expect(error).toMatchObject({ details: { Region: 'us-east-1' } });
    const presigned = withTarget(await presign(get), '%2Fus-east-1%2Fs3%2Faws4_request', encodeURIComponent(scope));
    refused(presigned, 'AuthorizationQueryParametersError');
  });

  it('refuses a date other than the scope’s', async () => {
    const signed = withAuthorization(await signByHeader(get), (value) => value.replace('/20130524/', '/20130523/'));
    refused(signed, 'AuthorizationHeaderMalformed');
  });
});

describe('presigned URLs', () => {
  it.each([
    [3600, 3_600_000, undefined],
    [3600, 3_601_000, 'AccessDenied'],
    [604_800, 6 * 24 * HOUR, undefined],
    [3600, -15 * 60_000, undefined],
    [3600, -16 * 60_000, 'AccessDenied'],
    [604_800, -365 * 24 * HOUR, 'AccessDenied'],
  ])('one for %d s, %d ms after it was made', async (expires, age, code) => {
    const signed = { ...(await presign(get, expires)), now: new Date(EXAMPLE_TIME.getTime() + age) };
    if (code) refused(signed, code);
    else expect(authenticate(signed).principal).toBe(EXAMPLE);
  });

  it.each(['-1', '0', '604801', '1e3', '9e18', '0x10', '%2060', '60.5', '', '99999999999999999999'])(
    'X-Amz-Expires=%s is no time to live',
    async (expires) => {
      const signed = withTarget(await presign(get), 'X-Amz-Expires=3600', `X-Amz-Expires=${expires}`);
      refused(signed, 'AuthorizationQueryParametersError');
    },
  );

  it.each(['Algorithm', 'Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'])(
    'X-Amz-%s must be there once',
    async (name) => {
      const signed = await presign(get);
      const field = new RegExp(`[?&]X-Amz-${name}=[^&]*`);
      const value = field.exec(signed.target)![0].slice(1);
      refused({ ...signed, target: `${signed.target}&${value}` }, 'InvalidArgument');
      const without = signed.target.replace(field, '').replace('/key&', '/key?');
      refused({ ...signed, target: without }, 'AuthorizationQueryParametersError');
    },
  );

  it.each(['HEAD', 'PUT', 'DELETE', 'POST'])('one for GET is none for %s', async (method) => {
    refused({ ...(await presign(get)), method }, 'SignatureDoesNotMatch');
  });

  it.each(['X-Amz-Content-Sha256', 'x-amz-content-sha256'])('pins a hash by %s', async (name) => {
    const sha256 = 'a'.repeat(64);
    const signed = await presign(withHeaders(put, { [name]: sha256 }));
    expect(signed.target).toContain(`${name}=${sha256}`);
    expect(authenticate(signed).framing).toEqual({ kind: 'plain', sha256 });
    refused(withTarget(signed, sha256, 'UNSIGNED-PAYLOAD'), 'SignatureDoesNotMatch');
    refused(withHeaders(signed, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }), 'InvalidArgument');
    refused({ ...signed, target: `${signed.target}&${name}=UNSIGNED-PAYLOAD` }, 'InvalidArgument');
  });

  it('obeys an unsigned hash only where it asks for more', async () => {
    const unpinned = (await presign(put)).target;
    const signed = { ...put, target: unpinned };
    expect(authenticate(signed).framing).toEqual({ kind: 'plain' });
    const bare = await presignBare();
    expect(authenticate(bare).framing).toEqual({ kind: 'plain' });
    expect(authenticate(withHeaders(bare, { 'x-amz-content-sha256': EMPTY_SHA256 })).framing).toEqual({
      kind: 'plain',
      sha256: EMPTY_SHA256,
    });
    const streaming = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
    refused(withHeaders(bare, streaming), 'AccessDenied');
  });
});

describe('the order and repetition of parameters', () => {
  it.each([
    'a=1&b=2',
    'b=2&a=1',
    'a=1&b=2&a=0',
    'prefix=b&prefix=a',
    'acl',
    'acl=',
    'a-b=1&a=2',
    'A=1&a=1',
    'k=%2B&k=+',
  ])('?%s verifies in any order, and not with another value', async (query) => {
    const signed = await signByHeader({ ...get, target: `/bucket?${query}` });
    const reversed = query.split('&').toReversed().join('&');
    expect(authenticate({ ...signed, target: `/bucket?${reversed}` }).principal).toBe(EXAMPLE);
    refused({ ...signed, target: `/bucket?${query}x` }, 'SignatureDoesNotMatch');
    refused({ ...signed, target: `/bucket?${query}&${query}` }, 'SignatureDoesNotMatch');
  });
});

describe('header values', () => {
  it('are compared without the blanks that SigV4 folds', async () => {
    const signed = await signByHeader(withHeaders(put, { 'x-amz-meta-a': 'one two' }));
    expect(authenticate(withHeaders(signed, { 'x-amz-meta-a': ' one \t  two ' })).principal).toBe(EXAMPLE);
    refused(withHeaders(signed, { 'x-amz-meta-a': 'onetwo' }), 'SignatureDoesNotMatch');
  });

  it('verify in Latin-1 and in UTF-8, where clients sign the text as UTF-8', async () => {
    const signed = await signByHeader(withHeaders(put, { 'x-amz-meta-a': 'Grüße' }));
    expect(authenticate(signed).principal).toBe(EXAMPLE);
    const utf8 = Buffer.from('Grüße').toString('latin1');
    expect(authenticate(withHeaders(signed, { 'x-amz-meta-a': utf8 })).principal).toBe(EXAMPLE);
    refused(withHeaders(signed, { 'x-amz-meta-a': 'Grüßé' }), 'SignatureDoesNotMatch');
  });
});

describe('framing', () => {
  it('header authentication says what the payload is', async () => {
    const { 'x-amz-content-sha256': _, ...headers } = (await signByHeader(put)).headers;
    refused({ ...put, headers }, 'InvalidRequest');
  });

  it.each([
    ['UNSIGNED-PAYLOAD', { kind: 'plain' }],
    [EMPTY_SHA256, { kind: 'plain', sha256: EMPTY_SHA256 }],
    ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { kind: 'aws-chunked', trailer: true }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { kind: 'aws-chunked', trailer: false, signer: expect.anything() }],
    ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { kind: 'aws-chunked', trailer: true, signer: expect.anything() }],
  ])('%s', async (payload, framing) => {
    const signed = await signByHeader(withHeaders(put, { 'x-amz-content-sha256': payload }));
    expect(authenticate(signed).framing).toEqual(framing);
  });

  it.each([
    ['STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD', 'NotImplemented'],
    ['STREAMING-ANYTHING', 'InvalidArgument'],
    ['unsigned-payload', 'InvalidArgument'],
    ['abc', 'InvalidArgument'],
  ])('%s is refused', async (payload, code) => {
    refused(await signByHeader(withHeaders(put, { 'x-amz-content-sha256': payload })), code);
    refused(withHeaders(put, { 'x-amz-content-sha256': payload }), code);
  });

  it.each(['none', 'document', 'form'] as const)('no streaming payload passes for the body kind %s', async (kind) => {
    for (const payload of ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']) {
      const wire = withHeaders(put, { 'x-amz-content-sha256': payload });
      refused(await signByHeader(wire), 'InvalidRequest', kind);
      refused(wire, 'InvalidRequest', kind);
    }
  });

  it('an unsigned trailer does not excuse a bad signature (CVE-2025-31489, CVE-2026-41145)', async () => {
    const wire = withHeaders(put, { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' });
    const other = { ...EXAMPLE, secretAccessKey: 'guessed' };
    refused(await signByHeader(wire, other), 'SignatureDoesNotMatch');
    refused(await presign(wire, 60, other), 'SignatureDoesNotMatch');
  });

  it('an unsigned body in chunks must say which chunks', () => {
    refused(withHeaders(put, { 'content-encoding': 'gzip, aws-chunked' }), 'InvalidRequest');
    const said = { 'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
    expect(authenticate(withHeaders(put, said)).framing).toEqual({ kind: 'aws-chunked', trailer: true });
    refused(withHeaders(put, { 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' }), 'InvalidRequest');
  });
});

describe('SigV2', () => {
  const date = EXAMPLE_TIME.toUTCString();

  function signV2(wire: WireRequest, stringToSign: string, headers: Record<string, string> = { date }): WireRequest {
    return withHeaders(wire, { ...headers, authorization: `AWS ${EXAMPLE.accessKeyId}:${hmac(stringToSign)}` });
  }

  it('is refused while it is off, with the way out', () => {
    const off = authSnapshot(['v4']);
    const error = refused(signV2(get, `GET\n\n\n${date}\n/bucket/key`), 'InvalidRequest', 'object', off);
    expect(error.message).toContain('signatureVersions: [v4, v2]');
    const query = '/bucket/key?AWSAccessKeyId=x&Expires=1&Signature=x';
    refused({ ...get, target: query }, 'InvalidRequest', 'object', off);
  });

  it('signs every x-amz header, sub-resource and override', () => {
    const target = '/bucket/key?versionId=3&acl&response-content-type=text%2Fplain&prefix=x';
    const headers = { date, 'x-amz-meta-b': '2', 'x-amz-acl': 'private' };
    const string = `GET\n\n\n${date}\nx-amz-acl:private\nx-amz-meta-b:2\n/bucket/key?acl&response-content-type=text/plain&versionId=3`;
    const signed = signV2({ ...get, target }, string, headers);
    expect(authenticate(signed)).toMatchObject({ principal: EXAMPLE, scheme: 'v2-header' });
    refused(withHeaders(signed, { 'x-amz-copy-source': '/a/b' }), 'SignatureDoesNotMatch');
    refused({ ...signed, target: `${target}&tagging` }, 'SignatureDoesNotMatch');
  });

  it.each([
    ['/bucket', '/bucket/'],
    ['/bucket', '/bucket'],
    ['/bucket/', '/bucket'],
  ])('a bucket sent as %s may be signed as %s', (target, resource) => {
    const signed = signV2({ ...get, target: `${target}?prefix=x` }, `GET\n\n\n${date}\n${resource}`);
    expect(authenticate(signed).principal).toBe(EXAMPLE);
    refused(signV2({ ...get, target: '/bucket/a' }, `GET\n\n\n${date}\n/bucket/a/`), 'SignatureDoesNotMatch');
  });

  it('presigned by boto3: headers in the URL count once, sent or not', () => {
    const expires = EXAMPLE_TIME.getTime() / 1000 + 60;
    const signature = encodeURIComponent(hmac(`PUT\n\ntext/x\n${expires}\nx-amz-meta-a:b\n/bucket/key`));
    const target = `/bucket/key?AWSAccessKeyId=${EXAMPLE.accessKeyId}&Expires=${expires}&Signature=${signature}&content-type=text%2Fx&x-amz-meta-a=b`;
    expect(authenticate({ ...put, target }).principal).toBe(EXAMPLE);
    const sent = withHeaders({ ...put, target }, { 'content-type': 'text/x', 'x-amz-meta-a': 'b' });
    expect(authenticate(sent).principal).toBe(EXAMPLE);
    refused(withHeaders(sent, { 'content-type': 'text/html' }), 'SignatureDoesNotMatch');
    refused(withHeaders(sent, { 'x-amz-meta-a': 'c' }), 'SignatureDoesNotMatch');
  });

  it.each([
    ['Bad Date', 'AccessDenied'],
    ['', 'AccessDenied'],
    ['Tue, 07 Jul 1950 21:53:04 GMT', 'AccessDenied'],
    ['Tue, 07 Jul 2010 21:53:04 GMT', 'RequestTimeTooSkewed'],
    ['Tue, 07 Jul 9999 21:53:04 GMT', 'RequestTimeTooSkewed'],
  ])('x-amz-date: %j', (amzDate, code) => {
    refused(withHeaders(get, { date, 'x-amz-date': amzDate, authorization: 'AWS a:b' }), code);
  });

  it.each([
    ['AWS HAHAHA', 'InvalidArgument'],
    ['AWS', 'InvalidArgument'],
    ['AWS :x', 'InvalidArgument'],
    ['AWS __proto__:x', 'InvalidAccessKeyId'],
    [`AWS ${EXAMPLE.accessKeyId}:x`, 'SignatureDoesNotMatch'],
  ])('%s', (authorization, code) => {
    refused(withHeaders(get, { date, authorization }), code);
  });

  it('presigned: expires, and takes no parameter that it cannot sign', () => {
    const expires = EXAMPLE_TIME.getTime() / 1000 + 60;
    const signature = encodeURIComponent(hmac(`GET\n\n\n${expires}\n/bucket/key`));
    const target = `/bucket/key?AWSAccessKeyId=${EXAMPLE.accessKeyId}&Expires=${expires}&Signature=${signature}`;
    const signed = { ...get, target };
    expect(authenticate(signed)).toMatchObject({ principal: EXAMPLE, scheme: 'v2-query' });
    refused({ ...signed, now: new Date(EXAMPLE_TIME.getTime() + 61_000) }, 'AccessDenied');
    refused({ ...signed, target: `${target}&retention` }, 'AccessDenied');
    refused({ ...signed, target: `${target}&acl` }, 'SignatureDoesNotMatch');
    refused({ ...signed, target: target.replace(String(expires), '1e12') }, 'AccessDenied');
    refused({ ...signed, target: target.replace(/&Expires=\d+/, '') }, 'AccessDenied');
    refused(withHeaders(signed, { 'x-amz-copy-source': '/a/b' }), 'SignatureDoesNotMatch');
  });
});

function hmac(stringToSign: string): string {
  return createHmac('sha1', EXAMPLE.secretAccessKey).update(stringToSign).digest('base64');
}

/** A presigned upload that says nothing of its body, as boto3 and minio make them. */
async function presignBare(): Promise<WireRequest> {
  const request = oracleRequest(withHeaders(put, { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }));
  const signed = await oracle().presign(request, {
    expiresIn: 60,
    signingDate: EXAMPLE_TIME,
    unsignableHeaders: new Set(['x-amz-content-sha256']),
    unhoistableHeaders: new Set(['x-amz-content-sha256']),
  });
  const query = new URLSearchParams(signed.query as Record<string, string>).toString();
  return { ...put, target: `${signed.path}?${query}` };
}
