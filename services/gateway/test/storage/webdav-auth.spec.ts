import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WebdavOptions } from '../../src/storage/webdav/webdav-options.js';
import { codeOf, get, put } from '../support/object-bodies.js';
import { startStandIn } from '../support/stand-in-webdav.js';
import { openWebdav } from '../support/webdav-fixture.js';
import { APACHE_DIGEST, isInstalled, WEBDAV_USER, type WebdavServer } from '../support/webdav-server.js';

const LARGE = Buffer.alloc(3_000_000, 'abc');

describe.skipIf(!isInstalled(APACHE_DIGEST))('Digest authentication against Apache (needs apache2)', () => {
  let server: WebdavServer;
  beforeAll(async () => {
    server = await APACHE_DIGEST.start();
  });
  afterAll(() => server.stop());

  it('answers challenges, a nonce that has become too old, and none with a body on its way', async () => {
    const fixture = openWebdav({ url: server.url, auth: { kind: 'digest', ...WEBDAV_USER } });
    try {
      const store = fixture.store();
      await put(store, 'small', 'x');
      await put(store, 'large', LARGE);
      // Apache has the nonce live for a second.
      await delay(2_100);
      expect((await get(store, 'large')).equals(LARGE)).toBe(true);
      await put(store, 'large', LARGE.subarray(1));
      expect((await get(store, 'large')).equals(LARGE.subarray(1))).toBe(true);
    } finally {
      fixture.close();
    }
  });

  it('says what is wrong with a password, once', async () => {
    const fixture = openWebdav({ url: server.url, auth: { kind: 'digest', username: 'dav', password: 'wrong' } });
    try {
      await expect(fixture.files.ping()).rejects.toThrow(/does not take the credentials.*401/);
    } finally {
      fixture.close();
    }
  });
});

describe('a look at a WebDAV storage', () => {
  let server: WebdavServer;
  beforeAll(async () => {
    server = await startStandIn();
  });
  afterAll(() => server.stop());

  it.each<[string, Partial<WebdavOptions> & { readonly path?: string }, string]>([
    [
      'wrong credentials',
      { auth: { kind: 'basic', username: 'dav', password: 'secret-word' } },
      'does not take the credentials',
    ],
    ['a wrong path', { path: 'nowhere' }, 'has no collection at this URL'],
    ['another server', { url: 'http://127.0.0.1:1/' }, 'refuses connections (ECONNREFUSED)'],
    ['a name that does not exist', { url: 'http://no-such-host.invalid/' }, 'cannot be resolved'],
  ])('says what to change: %s', async (_, { path = '', ...options }, message) => {
    const fixture = openWebdav({ url: `${server.url}${path}`, retries: 0, ...options });
    try {
      const failure = await fixture.files.ping().then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ code: 'unavailable', message: expect.stringContaining(message) as string });
      expect(String(failure)).not.toContain('secret-word');
      expect(await codeOf(() => fixture.store().head('x' as never))).not.toBe('none');
    } finally {
      fixture.close();
    }
  });
});
