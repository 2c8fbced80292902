import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget, OLD } from '../support/abuse-target.js';
import { postForm } from '../support/post-form.js';
import { plainRequest, signHead } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const SPLIT = 'a\r\nSet-Cookie: x=1\r\n\r\n<script>';

describe('response splitting', () => {
  it.each(['content-type', 'content-disposition', 'cache-control', 'content-language', 'expires', 'content-encoding'])(
    'response-%s does not begin a header of its own',
    async (name) => {
      for (const value of [SPLIT, 'a\nb', 'a\rb', 'a\0b', '\x7f']) {
        const path = `/victim/old?response-${name}=${encodeURIComponent(value)}`;
        const { status, code, headers } = await target.signed({ target: path });
        expect([status, code]).toEqual([400, 'InvalidArgument']);
        expect(headers.some(([header]) => header === 'set-cookie')).toBe(false);
      }
    },
  );

  it.each(['Content-Type', 'Content-Disposition', 'x-amz-meta-a', 'success_action_redirect', 'success_action_status'])(
    'the form field %s does not begin a header of its own',
    async (name) => {
      const fields = { key: 'split', [name]: name === 'success_action_redirect' ? `http://page.test/${SPLIT}` : SPLIT };
      const { headers } = await target.send(postForm({ bucket: 'victim', fields, identity: MAIN }));
      expect(headers.some(([header]) => header === 'set-cookie')).toBe(false);
      const stored = await target.signed({ method: 'HEAD', target: '/victim/split' });
      expect(stored.headers.some(([header]) => header === 'set-cookie')).toBe(false);
      await target.signed({ method: 'DELETE', target: '/victim/split' });
    },
  );

  it('a form field whose name is no header does not make the object unreadable', async () => {
    const fields = { key: 'split', 'x-amz-meta-a b': 'c', 'x-amz-meta-a:b': 'c' };
    expect((await target.send(postForm({ bucket: 'victim', fields, identity: MAIN }))).code).toBe('InvalidArgument');
  });

  it.each(['Origin', 'Referer', 'Host', 'User-Agent', 'X-Amz-Request-Id', 'X-Forwarded-For'])(
    'the header %s is not repeated in the headers of an answer',
    async (name) => {
      const headers = { [name.toLowerCase()]: 'marker.evil.test' };
      for (const path of ['/public/page', '/public/none', '/victim/old', '/%zz']) {
        const answer = await target.send(plainRequest({ target: path, headers: { host: 's3.test', ...headers } }));
        expect(JSON.stringify(answer.headers)).not.toContain('marker');
      }
    },
  );
});

describe('stored headers', () => {
  it('metadata of more than 2 KB is not cut', async () => {
    const headers = { 'x-amz-meta-a': 'x'.repeat(2048) };
    const { code } = await target.signed({ method: 'PUT', target: '/victim/new', body: 'x', headers });
    expect(code).toBe('MetadataTooLarge');
  });

  it('metadata named __proto__ is metadata, and bytes that are no Latin-1 come back as they were', async () => {
    const value = Buffer.from('日本 é').toString('latin1');
    const headers = { 'x-amz-meta-__proto__': 'p', 'x-amz-meta-constructor': 'c', 'x-amz-meta-text': value };
    expect((await target.signed({ method: 'PUT', target: '/victim/meta', body: 'x', headers })).status).toBe(200);
    const { header, status } = await target.signed({ target: '/victim/meta' });
    expect([
      status,
      header('x-amz-meta-__proto__'),
      header('x-amz-meta-constructor'),
      header('x-amz-meta-text'),
    ]).toEqual([200, 'p', 'c', value]);
    await target.signed({ method: 'DELETE', target: '/victim/meta' });
  });

  it('a page that somebody stored does not run with more than its own type, and sets no cookie', async () => {
    const headers = { 'content-type': 'text/html' };
    await target.signed({ method: 'PUT', target: '/public/evil', body: '<script>', headers });
    const answer = await target.anonymous({ target: '/public/evil' });
    expect([answer.header('content-type'), answer.header('x-content-type-options')]).toEqual(['text/html', 'nosniff']);
    expect(answer.header('set-cookie')).toBeUndefined();
    await target.signed({ method: 'DELETE', target: '/public/evil' });
  });

  it.each([
    'text/html; charset="\u00ff',
    'nonsense',
    ' ',
    'a/b/c',
    'application/json',
    'multipart/form-data',
    'x'.repeat(4000),
  ])('the content type "%s" does not fail in the framework', async (type) => {
    const headers = { 'content-type': type };
    expect((await target.signed({ method: 'PUT', target: '/victim/typed', body: '{', headers })).status).toBe(200);
    expect((await target.signed({ target: '/victim/typed' })).body.toString()).toBe('{');
    await target.signed({ method: 'DELETE', target: '/victim/typed' });
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=-0', 416, ''],
    ['bytes=13-', 416, ''],
    ['bytes=100-200', 416, ''],
    ['bytes=0-0', 206, 't'],
    ['bytes=-5', 206, 'bytes'],
    ['bytes=-1000', 206, OLD],
    ['bytes=8-999999999999999999999', 206, 'bytes'],
    ['bytes=5-1', 200, OLD],
    ['bytes=a-b', 200, OLD],
    ['bytes=', 200, OLD],
    ['bytes=-', 200, OLD],
    ['bytes=--1', 200, OLD],
    ['bytes=1.5-2', 200, OLD],
    ['bytes=0x1-0x2', 200, OLD],
    ['items=0-1', 200, OLD],
    [`bytes=${Array.from({ length: 1000 }, (_, i) => `${i}-${i}`).join(',')}`, 200, OLD],
    [`bytes=${'0-,'.repeat(1300)}0-`, 200, OLD],
  ])('%s does not get more or other bytes than the object has (CVE-2011-3192)', async (range, status, bytes) => {
    const answer = await target.signed({ target: '/victim/old', headers: { range } });
    expect(answer.status).toBe(status);
    if (status < 400) expect(answer.body.toString()).toBe(bytes);
  });

  it('an empty object has no byte to give', async () => {
    await target.signed({ method: 'PUT', target: '/victim/empty', body: '' });
    for (const range of ['bytes=0-0', 'bytes=-1', 'bytes=0-']) {
      expect((await target.signed({ target: '/victim/empty', headers: { range } })).status).toBe(416);
    }
    await target.signed({ method: 'DELETE', target: '/victim/empty' });
  });

  it('a file that shrinks while it is sent does not end as if it were whole', async () => {
    const file = join(target.gateway.root, 'victim/shrinks');
    await writeFile(file, Buffer.alloc(16 * 1024 * 1024, 0x61));
    await using connection = await target.connect();
    const { head } = await signHead({ target: '/victim/shrinks' }, MAIN);
    const begun = new Promise<void>((resolve) =>
      connection.socket.once('data', () => resolve(void connection.socket.pause())),
    );
    connection.write(head);
    await begun;
    await writeFile(file, 'short now');
    connection.socket.resume();
    await expect(connection.response()).rejects.toThrow('The connection was closed');
    const finished = target.gateway.observer.records.filter(({ key }) => key === 'shrinks');
    expect(finished.map(({ errorCode }) => errorCode)).toEqual(['InternalError']);
    await target.signed({ method: 'DELETE', target: '/victim/shrinks' });
  });

  it.each([
    'partNumber=0',
    'partNumber=-1',
    'partNumber=10001',
    'partNumber=2',
    'partNumber=x',
    'versionId=x',
    'versionId=',
  ])('?%s does not get what is not there', async (query) => {
    expect((await target.signed({ target: `/victim/old?${query}` })).status).toBeGreaterThanOrEqual(400);
  });

  it.each([
    'max-keys=-1',
    'max-keys=x',
    'max-keys=1e3',
    'max-keys=99999999999999999999',
    'continuation-token=x',
    'encoding-type=x',
  ])('a listing with %s does not fail in the gateway', async (query) => {
    const { status } = await target.signed({ target: `/victim?list-type=2&${query}` });
    expect([200, 400]).toContain(status);
  });
});
