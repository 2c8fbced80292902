import { hash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import type { WebdavOptions } from '../../src/storage/webdav/webdav-options.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.js';
import { codeOf, get, listAll, put, readAll } from '../support/object-bodies.js';
import { startStandIn } from '../support/stand-in-webdav.js';
import { openWebdav } from '../support/webdav-fixture.js';
import type { WebdavServer } from '../support/webdav-server.js';

const PREFIX = 'remote/dav/';
const LARGE = Buffer.alloc(5 * 1024 * 1024, 'abcdefg');

/** Of those who meet a server that falls silent. All others are patient: a slow machine is no silent server. */
const IMPATIENT = { idleTimeoutMs: 1_000 };

function patienceWith({ kind }: Fault): Partial<typeof IMPATIENT> {
  return kind === 'stall' || kind === 'deaf' ? IMPATIENT : {};
}

describe('WebDAV behind a proxy that misbehaves', () => {
  let server: WebdavServer;
  let proxy: FaultProxy;
  let opened: { close(): void }[];

  beforeEach(async () => {
    server = await startStandIn({ keepsBrokenUploads: true });
    proxy = await startFaultProxy(new URL(server.url).origin);
    opened = [];
  });
  afterEach(async () => {
    for (const one of opened) one.close();
    await proxy.stop();
    await server.stop();
  });

  function open(options: Partial<WebdavOptions> = {}): FileObjectStore {
    const traits = { atomicReplace: true, atomicCreate: true };
    const fixture = openWebdav({ url: `${proxy.url}${PREFIX}`, traits, ...options });
    opened.push(fixture);
    return fixture.store();
  }

  /** What lies in the storage, the gateway's own files left out. */
  const stored = (): string[] => fs.readdirSync(server.root).filter((name) => !name.startsWith('.bucketway'));
  const temporary = (): string[] =>
    fs.readdirSync(path.join(server.root, '.bucketway/tmp')).filter((name) => !name.startsWith('probe-'));

  it('goes on reading where a connection broke', async () => {
    const store = open();
    await put(store, 'o', LARGE);
    proxy.inject({ method: 'GET', path: /\/o$/, times: 2, fault: { kind: 'cut-answer', after: 1_000_000 } });
    expect(hash('md5', await get(store, 'o'))).toBe(hash('md5', LARGE));
  });

  it.each<[string, Fault, string]>([
    ['breaks every time', { kind: 'cut-answer', after: 0 }, 'ServiceUnavailable'],
    ['stalls', { kind: 'stall', after: 100_000 }, 'ServiceUnavailable'],
    ['does not answer', { kind: 'stall' }, 'ServiceUnavailable'],
    ['gives fewer bytes, and says so', { kind: 'short-answer', length: 1_000 }, 'SlowDown'],
    ['fails', { kind: 'answer', status: 500 }, 'ServiceUnavailable'],
    ['fails for good', { kind: 'answer', status: 503 }, 'ServiceUnavailable'],
    ['wants a long pause', { kind: 'answer', status: 429, headers: { 'retry-after': '3600' } }, 'SlowDown'],
    ['leads to the metadata of the cloud', redirect('http://169.254.169.254/latest/meta-data/'), 'ServiceUnavailable'],
    ['leads into the cluster', redirect('http://kubernetes.default.svc/api'), 'ServiceUnavailable'],
    ['leads to an IPv6 spelling of loopback', redirect('http://[::ffff:127.0.0.1]:9001/metrics'), 'ServiceUnavailable'],
    ['leads to a decimal spelling of loopback', redirect('http://2130706433/'), 'ServiceUnavailable'],
    ['leads to a name of loopback', redirect('http://localhost:9001/metrics'), 'ServiceUnavailable'],
    ['leads to no http', redirect('file:///etc/passwd'), 'ServiceUnavailable'],
  ])('gives no wrong byte of a read that %s', async (_, fault, code) => {
    await put(open(), 'o', LARGE);
    const store = open({ retries: 1, ...patienceWith(fault) });
    proxy.inject({ method: 'GET', path: /\/o$/, times: 100, fault });
    expect(await codeOf(() => get(store, 'o'))).toBe(code);
    proxy.heal();
    expect((await get(store, 'o')).equals(LARGE)).toBe(true);
  });

  it.each<[string, http.OutgoingHttpHeaders]>([
    ['other bytes', { 'content-range': 'bytes 0-9/30' }],
    ['fewer bytes', { 'content-range': 'bytes 10-14/30' }],
    ['it does not say which', {}],
    ['several ranges', { 'content-type': 'multipart/byteranges; boundary=x' }],
  ])('gives no wrong byte of a range where the answer has %s', async (_, headers) => {
    const content = '0123456789abcdefghijABCDEFGHIJ';
    await put(open(), 'o', content);
    const store = open({ retries: 0 });
    const read = async (): Promise<string> => (await readAll(await store.open('o' as never), 10, 20)).toString();
    const fault: Fault = { kind: 'answer', status: 206, headers, body: content.slice(0, 10) };
    proxy.inject({ method: 'GET', path: /\/o$/, times: 100, fault });
    expect(await codeOf(read)).toBe('ServiceUnavailable');
    proxy.heal();
    expect(await read()).toBe('abcdefghij');
  });

  it.each<[string, number, http.OutgoingHttpHeaders]>([
    ['a whole file', 200, {}],
    ['a whole file of a known length', 200, { 'content-length': 3 }],
    ['a range', 206, { 'content-range': 'bytes 1-2/3' }],
  ])('gives no compressed byte for one of %s', async (_, status, headers) => {
    await put(open(), 'o', 'abc');
    const store = open({ retries: 0 });
    const start = status === 206 ? 1 : 0;
    const read = async (): Promise<string> => (await readAll(await store.open('o' as never), start)).toString();
    // Of the right length, so that nothing else gives it away.
    const body = 'zip'.slice(start);
    const fault: Fault = { kind: 'answer', status, headers: { ...headers, 'content-encoding': 'gzip' }, body };
    proxy.inject({ method: 'GET', path: /\/o$/, times: 100, fault });
    expect(await codeOf(read)).toBe('ServiceUnavailable');
    proxy.heal();
    expect(await read()).toBe('abc'.slice(start));
  });

  it.each<[string, Fault]>([
    ['asks for a short pause', { kind: 'answer', status: 429, headers: { 'retry-after': '0' } }],
    ['is away for a moment', { kind: 'answer', status: 503 }],
    ['breaks', { kind: 'lost-answer' }],
  ])('tries again where a small request %s', async (_, fault) => {
    const store = open();
    for (const method of ['PROPFIND', 'PUT', 'GET', 'MKCOL', 'DELETE']) proxy.inject({ method, fault });
    await put(store, 'd/o', 'content');
    expect((await get(store, 'd/o')).toString()).toBe('content');
    expect((await store.head('d/o' as never)).etag).toBe(hash('md5', 'content'));
    await store.delete('d/o' as never, {});
    expect(await listAll(store)).toEqual([]);
  });

  it('finds out what became of a MOVE whose answer was lost', async () => {
    const store = open();
    await put(store, 'o', 'old');
    proxy.inject({ method: 'MOVE', path: /tmp/, times: 2, fault: { kind: 'lost-answer' } });
    await put(store, 'o', 'newer');
    expect((await get(store, 'o')).toString()).toBe('newer');
    expect((await store.head('o' as never)).etag).toBe(hash('md5', 'newer'));
  });

  it.each<[string, Fault, string]>([
    ['breaks off', { kind: 'cut-request', after: 2_000_000 }, 'ServiceUnavailable'],
    ['is not taken', { kind: 'deaf' }, 'ServiceUnavailable'],
    ['is not answered', { kind: 'stall' }, 'ServiceUnavailable'],
    ['finds no space', { kind: 'answer', status: 507 }, 'InsufficientStorage'],
    ['is not permitted', { kind: 'answer', status: 403 }, 'AccessDenied'],
    ['fails', { kind: 'answer', status: 500, body: '<html>no</html>' }, 'ServiceUnavailable'],
    ['is redirected', redirect('http://169.254.169.254/'), 'ServiceUnavailable'],
  ])('stores nothing of an upload that %s', async (_, fault, code) => {
    const store = open({ retries: 0, ...patienceWith(fault) });
    await put(store, 'o', 'old');
    proxy.inject({ method: 'PUT', path: /tmp/, fault });
    expect(await codeOf(() => put(store, 'o', LARGE))).toBe(code);
    expect((await get(store, 'o')).toString()).toBe('old');
    expect((await store.head('o' as never)).etag).toBe(hash('md5', 'old'));
    expect(stored()).toEqual(['o']);
    await expect.poll(temporary).toEqual([]);
    await put(open(), 'o', LARGE);
    expect((await get(store, 'o')).equals(LARGE)).toBe(true);
  });

  it('takes no page of a website, nor a listing that breaks off, for a listing', async () => {
    const store = open({ retries: 0 });
    await put(store, 'o', 'x');
    for (const body of [
      '<html><body>Welcome</body></html>',
      '<D:multistatus xmlns:D="DAV:"><D:response>',
      '',
      '{"code":200}',
    ]) {
      proxy.inject({ method: 'PROPFIND', fault: { kind: 'answer', status: 207, body } });
      expect(await codeOf(() => listAll(open({ retries: 0, url: `${proxy.url}${PREFIX}` })))).toBe(
        'ServiceUnavailable',
      );
    }
    proxy.inject({ method: 'PROPFIND', fault: { kind: 'cut-answer', after: 50 } });
    expect(await codeOf(() => listAll(store))).toBe('ServiceUnavailable');
    expect(await listAll(store)).toEqual(['o']);
  });

  it('reads no more about one name than there can be', async () => {
    const store = open({ retries: 0 });
    await put(store, 'o', 'x');
    const other = '<D:response><D:href>/elsewhere</D:href></D:response>'.repeat(100_000);
    const body = `<D:multistatus xmlns:D="DAV:">${other}`;
    proxy.inject({ method: 'PROPFIND', path: /\/o$/, fault: { kind: 'answer', status: 207, body } });
    await expect(store.head('o' as never)).rejects.toMatchObject({
      cause: { message: expect.stringContaining('answers without end') as string },
    });
  });

  it('asks a server that is silent once, and not again and again', async () => {
    const { files } = openWebdav({ url: `${proxy.url}${PREFIX}`, ...IMPATIENT });
    opened.push(files);
    await put(open(), 'o', LARGE);
    const entry = await files.stat('o' as never);
    const asked = async (call: () => Promise<unknown>): Promise<number> => {
      proxy.heal();
      proxy.inject({ times: 100, fault: { kind: 'stall' } });
      proxy.seen.length = 0;
      expect(await codeOf(call)).toBe('unavailable');
      // The other gateway goes on to find out what a MOVE keeps.
      return proxy.seen.filter((one) => !one.includes('/probe-')).length;
    };
    expect(await asked(() => files.stat('o' as never))).toBe(1);
    expect(await asked(() => files.read('o' as never, entry as never, 0, LARGE.length))).toBe(1);
    const upload = async (): Promise<void> => (await files.put('p' as never, 0)).end();
    expect(await asked(upload)).toBe(1);
    proxy.heal();
    proxy.inject({ method: 'GET', times: 100, fault: { kind: 'stall', after: 1_000 } });
    proxy.seen.length = 0;
    expect(await codeOf(() => files.get('o' as never, 10_000_000))).toBe('unavailable');
    expect(proxy.seen.filter((one) => one.startsWith('GET'))).toHaveLength(1);
    proxy.heal();
    expect(await files.stat('o' as never)).toEqual(entry);
  });

  it('takes nothing for a file after a redirect whose length is not said', async () => {
    const page = http.createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.write('<html>');
      response.end('Please log in.</html>');
    });
    page.listen(0, '127.0.0.1');
    await once(page, 'listening');
    const { port } = page.address() as AddressInfo;
    try {
      await put(open(), 'o', 'abc');
      const store = open({ retries: 0, allowedRedirectHosts: [`127.0.0.1:${port}`] });
      const fault = redirect(`http://127.0.0.1:${port}/login`);
      proxy.inject({ method: 'GET', path: /\/o$/, times: 100, fault });
      expect(await codeOf(() => get(store, 'o'))).toBe('ServiceUnavailable');
    } finally {
      page.closeAllConnections();
      page.close();
    }
  });

  it('takes no refusal to understand a request for an empty folder, nor for a missing object', async () => {
    const store = open({ retries: 0 });
    await put(store, 'd/o', 'x');
    const fault: Fault = { kind: 'answer', status: 400 };
    const fresh = (): FileObjectStore => open({ retries: 0, url: `${proxy.url}${PREFIX}` });
    for (const propfind of [/dav\/$/, /\/d\/?$/]) {
      proxy.inject({ method: 'PROPFIND', path: propfind, times: 100, fault });
      expect(await codeOf(() => listAll(fresh()))).toBe('ServiceUnavailable');
      proxy.heal();
    }
    proxy.inject({ method: 'PROPFIND', path: /\/o$/, times: 100, fault });
    expect(await codeOf(() => fresh().head('d/o' as never))).toBe('ServiceUnavailable');
    proxy.heal();
    proxy.inject({ method: 'DELETE', path: /\/o$/, times: 100, fault });
    expect(await codeOf(() => fresh().delete('d/o' as never, {}))).toBe('ServiceUnavailable');
    proxy.heal();
    // Nor is it asked without end where the server leads to the very name that it refuses.
    proxy.inject({ method: 'PROPFIND', path: /\/d$/, times: 100, fault: redirect(`${proxy.url}${PREFIX}d/`) });
    proxy.inject({ method: 'PROPFIND', path: /\/d\/$/, times: 100, fault });
    expect(await codeOf(() => listAll(fresh(), { prefix: 'd/' }))).toBe('ServiceUnavailable');
    proxy.heal();
    expect(await listAll(fresh())).toEqual(['d/o']);
  });

  it('takes it for one where the name is below a file, as of Apache', async () => {
    const store = open({ retries: 0 });
    await put(store, 'o', 'x');
    proxy.inject({ method: 'PROPFIND', path: /\/o\//, times: 100, fault: { kind: 'answer', status: 400 } });
    expect(await codeOf(() => store.head('o/p' as never))).toBe('NoSuchKey');
    expect(await codeOf(() => store.head('o/p/q' as never))).toBe('NoSuchKey');
    expect(await listAll(store, { prefix: 'o/' })).toEqual([]);
  });

  it('follows a redirect that is allowed, without its credentials', async () => {
    const seen: http.IncomingHttpHeaders[] = [];
    const drive = http.createServer(({ headers }, response) => {
      seen.push(headers);
      response.end(LARGE);
    });
    drive.listen(0, '127.0.0.1');
    await once(drive, 'listening');
    const { port } = drive.address() as AddressInfo;
    try {
      const store = open({ allowedRedirectHosts: [`127.0.0.1:${port}`] });
      await put(store, 'o', LARGE);
      proxy.inject({ method: 'GET', path: /\/o$/, fault: redirect(`http://127.0.0.1:${port}/signed?x=1`) });
      expect((await get(store, 'o')).equals(LARGE)).toBe(true);
      expect(seen.map(({ authorization }) => authorization)).toEqual([undefined]);
      proxy.inject({ method: 'GET', path: /\/o$/, times: 9, fault: redirect(`${proxy.url}${PREFIX}o`) });
      expect(await codeOf(() => get(store, 'o'))).toBe('ServiceUnavailable');
    } finally {
      drive.closeAllConnections();
      drive.close();
    }
  });
});

function redirect(location: string): Fault {
  return { kind: 'answer', status: 302, headers: { location } };
}
