import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CorsRule } from '../../src/config/snapshot.js';
import { AbuseTarget, mapping } from '../support/abuse-target.js';
import { formatHead, plainRequest, presignTarget } from '../support/raw-request.js';
import { MAIN, fullGrant } from '../support/running-gateway.js';

const RULES: readonly CorsRule[] = [
  {
    allowedOrigins: ['https://app.test', 'https://*.pages.test'],
    allowedMethods: ['GET', 'PUT'],
    allowedHeaders: ['content-type', 'x-amz-*'],
    exposeHeaders: ['ETag'],
  },
];
const cors = (name: string, rules: readonly CorsRule[]) => ({
  ...mapping(name, [fullGrant(MAIN)]),
  anonymous: 'read' as const,
  cors: rules,
});

let target: AbuseTarget;
beforeAll(async () => {
  target = await AbuseTarget.start({ domains: ['s3.example.com', 'example.org'] }, [
    cors('pages', RULES),
    cors('anybody', [{ ...RULES[0]!, allowedOrigins: ['*'] }]),
  ]);
  await target.plant('pages/a', 'a page of the pages');
  await target.plant('anybody/a', 'a page for anybody');
});
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

describe('CORS', () => {
  const evil = [
    'https://evil.test',
    'null',
    'https://app.test.evil.test',
    'https://evil-app.test',
    'http://app.test',
    'https://app.test:8443',
    'https://app.test/',
    'HTTPS://APP.TEST',
    'https://pages.test',
    'https://evil.test/.pages.test',
    'https://evil.test#.pages.test',
    '*',
    '',
  ];
  it.each(evil)('the origin "%s" is not reflected', async (origin) => {
    for (const request of [
      { target: '/pages/a', headers: { origin } },
      { target: '/pages/none', headers: { origin } },
      { method: 'OPTIONS', target: '/pages/a', headers: { origin, 'access-control-request-method': 'GET' } },
    ]) {
      const answer = await target.anonymous(request);
      const allowed = answer.header('access-control-allow-origin');
      // A pattern fits what its star fits; such a page gets no credentials in any case.
      if (!origin.endsWith('pages.test') || origin === 'https://pages.test') expect(allowed).toBeUndefined();
      expect(answer.header('access-control-allow-credentials')).toBeUndefined();
    }
  });

  it('credentials are not allowed to whoever asks', async () => {
    for (const [path, origin] of [
      ['/anybody/a', 'https://evil.test'],
      ['/anybody/a', 'null'],
      ['/pages/a', 'https://x.pages.test'],
    ] as const) {
      const answer = await target.anonymous({ target: path, headers: { origin } });
      expect(answer.header('access-control-allow-origin')).toBeDefined();
      expect(answer.header('access-control-allow-credentials')).toBeUndefined();
    }
  });

  it('an answer for one origin is not given to another one by a cache', async () => {
    for (const origin of ['https://app.test', 'https://evil.test', undefined]) {
      for (const path of ['/pages/a', '/pages/none', '/anybody/a']) {
        const { header } = await target.anonymous({ target: path, headers: origin === undefined ? {} : { origin } });
        expect(header('vary')).toContain('Origin');
      }
    }
  });

  it.each([
    ['DELETE', ''],
    ['TRACE', ''],
    ['PUT', 'authorization'],
    ['PUT', 'x-amz-meta-a, cookie'],
    ['', ''],
  ])('a preflight does not allow %s with the headers "%s", which no rule names', async (method, names) => {
    const headers = {
      origin: 'https://app.test',
      'access-control-request-method': method,
      ...(names !== '' && { 'access-control-request-headers': names }),
    };
    const answer = await target.anonymous({ method: 'OPTIONS', target: '/pages/a', headers });
    expect([400, 403]).toContain(answer.status);
    expect(answer.header('access-control-allow-origin')).toBeUndefined();
  });

  it('a bucket without rules allows no page anything', async () => {
    for (const path of ['/public/page', '/victim/old', '/', '/not-there/x']) {
      for (const method of ['GET', 'OPTIONS']) {
        const headers = { origin: 'https://app.test', 'access-control-request-method': 'GET' };
        const answer = await target.anonymous({ method, target: path, headers });
        expect(answer.header('access-control-allow-origin')).toBeUndefined();
      }
    }
  });

  it('a preflight does not stand in for a signature', async () => {
    const headers = { origin: 'https://app.test', 'access-control-request-method': 'PUT' };
    expect((await target.anonymous({ method: 'OPTIONS', target: '/pages/a?tagging', headers })).status).toBe(200);
    expect((await target.anonymous({ method: 'PUT', target: '/pages/a', body: 'evil', headers })).status).toBe(403);
  });
});

describe('the Host header', () => {
  it.each([
    ['victim.s3.example.com', '/old', 403],
    ['VICTIM.S3.EXAMPLE.COM:9000', '/old', 403],
    ['victim.s3.example.com.', '/old', 403],
    ['public.s3.example.com', '/page', 200],
    ['public.example.org', '/page', 200],
    ['public.evil.test', '/public/page', 200],
    ['public.s3.example.com.evil.test', '/public/page', 200],
    ['publics3.example.com.evil', '/public/page', 200],
    ['evils3.example.com', '/public/page', 200],
    ['127.0.0.1', '/public/page', 200],
    ['[::1]:9000', '/public/page', 200],
    ['s3.example.com', '/public/page', 200],
    ['rebound.attacker.test', '/victim/old', 403],
    ['..', '/victim/old', 403],
    ['.s3.example.com', '/public/page', 200],
    ['..s3.example.com', '/public/page', 400],
    ['a/../public.s3.example.com', '/page', 400],
    ['public%2e.s3.example.com', '/page', 400],
    ['pub lic.s3.example.com', '/page', 400],
    ['public:80.s3.example.com', '/page', 400],
    ['.bucketway.s3.example.com', '/tmp', 400],
    ['..%2ftheirs.s3.example.com', '/secret', 400],
    ['', '/public/page', 200],
  ])('"%s" does not lead to another bucket than it names: %s', async (host, path, status) => {
    const answer = await target.anonymous({ host, target: path });
    expect(answer.status).toBe(status);
    if (status === 200) expect(answer.body.toString()).toBe('a public page');
  });

  it('a bucket in the host and another one in the path are not checked as one and served as the other', async () => {
    expect((await target.anonymous({ host: 'public.s3.example.com', target: '/victim/old' })).code).toBe('NoSuchKey');
    expect((await target.anonymous({ host: 'victim.s3.example.com', target: '/public/page' })).code).toBe(
      'AccessDenied',
    );
    expect((await target.signed({ host: 'theirs.s3.example.com', target: '/victim/old' })).code).toBe('AccessDenied');
  });

  it('a signature for one host is not good for another one', async () => {
    const url = await presignTarget({ host: 'victim.s3.example.com', target: '/old' }, MAIN);
    expect((await target.anonymous({ host: 'victim.s3.example.com', target: url })).status).toBe(200);
    for (const host of ['victim.example.org', 'theirs.s3.example.com', 'public.s3.example.com']) {
      expect((await target.anonymous({ host, target: url })).code).toBe('SignatureDoesNotMatch');
    }
  });

  it('does not stand twice', async () => {
    const head = formatHead('GET', '/page', { host: 'public.s3.example.com' }).replace(
      '\r\n\r\n',
      '\r\nHost: s3.test\r\n\r\n',
    );
    expect((await target.send(head)).status).toBe(400);
  });
});

describe('headers of proxies that nobody trusts', () => {
  const forwarded = {
    'x-forwarded-for': '10.0.0.1',
    'x-forwarded-host': 'public.s3.example.com',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '443',
    'x-forwarded-prefix': '/public',
    'x-real-ip': '10.0.0.1',
    forwarded: 'for=10.0.0.1;host=public.s3.example.com;proto=https',
    'x-original-url': '/public/page',
    'x-rewrite-url': '/public/page',
    'x-http-method-override': 'DELETE',
    'x-method-override': 'DELETE',
  };

  it.each(Object.entries(forwarded))(
    '%s does not change who asks, or for what (RustFS SourceIp)',
    async (name, value) => {
      expect((await target.anonymous({ target: '/victim/old', headers: { [name]: value } })).status).toBe(403);
      const { status, body } = await target.signed({ target: '/victim/old', unsigned: { [name]: value } });
      expect([status, body.toString()]).toEqual([200, 'the old bytes']);
      const record = target.gateway.observer.records.at(-1);
      expect([record?.remoteAddress, record?.host]).toEqual(['127.0.0.1', 's3.test']);
    },
  );

  it('a location in an answer does not lead to a host that a client made up', async () => {
    const answer = await target.send(plainRequest({ method: 'GET', target: '/victim', host: 'evil.test' }));
    expect(JSON.stringify(answer.headers)).not.toContain('evil.test');
  });
});

describe('what belongs to the admin port', () => {
  it.each([
    '/metrics',
    '/healthz',
    '/readyz',
    '/status',
    '/debug/pprof',
    '/minio/bootstrap/v1/verify',
    '/minio/health/live',
  ])('%s tells nothing on the S3 port (CVE-2023-28432)', async (path) => {
    const answer = await target.anonymous({ target: path });
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.body.toString()).not.toMatch(/bucketway_|generation|uptime|secret/i);
  });
});
