import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import type { OpenlistOptions } from '../../src/storage/openlist/openlist-options.js';
import { openOpenlist } from '../../src/storage/openlist/openlist-storage.js';
import { ROOT } from '../../src/storage/storage-path.js';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/fault-proxy.js';
import { codeOf, get, listAll, put } from '../support/object-bodies.js';
import { startStandIn, type StandIn } from '../support/openlist-target.js';

const LARGE = Buffer.alloc(5 * 1024 * 1024, 'abcdefg');
const PAGE = '<!doctype html><html><title>OpenList</title></html>';

function redirect(location: string): Fault {
  return { kind: 'answer', status: 302, headers: { location } };
}

function envelope(code: number, message: string): Fault {
  const body = JSON.stringify({ code, message, data: null });
  return { kind: 'answer', status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Of those who meet a server that falls silent. All others are patient: a slow machine is no silent server. */
const IMPATIENT = { idleTimeoutMs: 1_000 };

function patienceWith({ kind }: Fault): Partial<typeof IMPATIENT> {
  return kind === 'stall' || kind === 'deaf' ? IMPATIENT : {};
}

describe('OpenList behind a proxy that misbehaves', () => {
  let target: StandIn;
  let proxy: FaultProxy;
  let opened: { close(): void }[];

  beforeEach(async () => {
    target = await startStandIn();
    proxy = await startFaultProxy(target.server.url);
    opened = [];
  });
  afterEach(async () => {
    for (const one of opened) one.close();
    await proxy.stop();
    await target[Symbol.asyncDispose]();
  });

  function open(options: Partial<OpenlistOptions> = {}): FileObjectStore {
    const storage = openOpenlist({
      ...target.options,
      url: proxy.url.replace(/\/$/, ''),
      ...options,
    });
    opened.push(storage);
    return new FileObjectStore(storage.driver, ROOT);
  }

  /** What lies in the storage, the gateway's own files left out. */
  const stored = (): string[] =>
    [...target.mount.root.children.keys()].filter((name) => !name.startsWith('.bucketway'));

  it('goes on reading where a connection broke', async () => {
    const store = open();
    await put(store, 'o', LARGE);
    proxy.inject({ method: 'GET', path: /\/d\/drive\/o/, times: 2, fault: { kind: 'cut-answer', after: 1_000_000 } });
    expect(hash('md5', await get(store, 'o'))).toBe(hash('md5', LARGE));
  });

  it.each<[string, Fault]>([
    ['breaks every time', { kind: 'cut-answer', after: 0 }],
    ['stalls', { kind: 'stall', after: 100_000 }],
    ['does not answer', { kind: 'stall' }],
    ['fails', { kind: 'answer', status: 500 }],
    ['gives a web page', { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: PAGE }],
    ['gives an envelope', envelope(200, 'success')],
    ['leads to the metadata of the cloud', redirect('http://169.254.169.254/latest/meta-data/')],
    ['leads into the cluster', redirect('http://kubernetes.default.svc/api')],
    ['leads to no http', redirect('file:///etc/passwd')],
  ])('gives no wrong byte of a read that %s', async (_, fault) => {
    await put(open(), 'o', LARGE);
    const store = open({ retries: 0, ...patienceWith(fault) });
    proxy.inject({ method: 'GET', path: /\/d\/drive\/o/, times: 100, fault });
    expect(['ServiceUnavailable', 'SlowDown']).toContain(await codeOf(() => get(store, 'o')));
    proxy.heal();
    expect((await get(store, 'o')).equals(LARGE)).toBe(true);
  });

  it.each<[string, string, Fault]>([
    ['is cut', '/api/fs/put', { kind: 'cut-request', after: 1_000_000 }],
    ['is not read', '/api/fs/put', { kind: 'deaf' }],
    ['is refused', '/api/fs/put', envelope(500, 'the drive is full of bees')],
    [
      'is answered with a web page',
      '/api/fs/put',
      { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: PAGE },
    ],
    ['cannot be moved', '/api/fs/move', envelope(500, 'try later')],
    ['cannot be given its name', '/api/fs/rename', envelope(500, 'try later')],
  ])('keeps the old object where an upload %s', async (_, route, fault) => {
    const store = open({ retries: 0, ...patienceWith(fault) });
    await put(store, 'o', 'old');
    proxy.inject({ path: new RegExp(route), times: 1, fault });
    expect(await codeOf(() => put(store, 'o', LARGE))).toBe('ServiceUnavailable');
    proxy.heal();
    expect((await get(store, 'o')).toString()).toBe('old');
    expect(stored()).toEqual(['o']);
    await put(open(), 'o', LARGE);
    expect((await get(store, 'o')).equals(LARGE)).toBe(true);
  });

  describe('on a drive whose renames replace nothing', () => {
    const long = 'x'.repeat(240);

    it.each(['o', long])('loses no object where a step of replacing it is answered by nobody: %s', async (name) => {
      const drives = { retries: 0, atomicRename: false };
      target.mount.rename = 'refuse';
      const store = open(drives);
      const content = new Set(['0']);
      await put(store, name, '0');
      const steps = ['/api/fs/move', '/api/fs/mkdir', '/api/fs/rename', '/api/fs/remove'];
      let round = 0;
      for (const step of steps) {
        // The first such call is for the upload or its record, the later ones are for what steps aside, and for its return.
        for (let skipped = 0; skipped < 4; skipped++) {
          for (const kind of ['lost-answer', 'gone'] as const) {
            const next = String(++round);
            let left = skipped;
            const fails = { test: (path: string) => path.includes(step) && left-- <= 0 } as RegExp;
            const answered: Fault = kind === 'gone' ? envelope(500, 'try later') : { kind };
            proxy.inject({ path: fails, times: kind === 'gone' ? 100 : 1, fault: answered });
            const code = await codeOf(() => put(store, name, next));
            proxy.heal();
            content.add(next);
            const other = open(drives);
            const found = (await get(other, name)).toString();
            expect(code === 'none' ? found === next : content.has(found), `${step} ${skipped} ${kind}`).toBe(true);
            expect((await other.head(name as never)).etag).toBe(hash('md5', found));
            expect(await listAll(other)).toEqual([name]);
          }
        }
      }
      await store.delete(name as never, {});
      expect(await codeOf(() => get(store, name))).toBe('NoSuchKey');
      expect(stored()).toEqual([]);
    });
  });

  it.each<[string, RegExp, Fault]>([
    ['a listing', /fs\/list/, { kind: 'answer', status: 502 }],
    ['a listing, cut', /fs\/list/, { kind: 'cut-answer', after: 20 }],
    ['a look', /dav/, { kind: 'answer', status: 503, headers: { 'retry-after': '0' } }],
    ['a read', /\/d\/drive\/o/, { kind: 'answer', status: 429, headers: { 'retry-after': '0' } }],
  ])('tries again: %s', async (_, path, fault) => {
    const store = open({ retries: 3 });
    await put(store, 'o', 'x');
    proxy.inject({ path, times: 1, fault });
    const code = await codeOf(async () => {
      expect(await listAll(store)).toEqual(['o']);
      expect((await get(store, 'o')).toString()).toBe('x');
    });
    // An answer that breaks in the middle is told to the client, who tries again.
    expect(fault.kind === 'cut-answer' ? 'ServiceUnavailable' : 'none').toBe(code);
    expect(await listAll(store)).toEqual(['o']);
  });
});
