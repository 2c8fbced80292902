import type { LookupFunction } from 'node:net';
import { describe, expect, it } from 'vitest';
import { checkRedirect, publicLookup } from './safe-redirect.js';

const FROM = new URL('http://dav.example:8080/files/a');

function target(location: string | undefined, from = FROM, allowedHosts: readonly string[] = []): string {
  try {
    const { url, trusted, foreign } = checkRedirect(from, location, { own: FROM, allowedHosts });
    return `${url.href}${trusted ? ' trusted' : ''}${foreign ? ' foreign' : ''}`;
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  }
}

describe('checkRedirect', () => {
  it.each([
    ['/files/b?x=1', 'http://dav.example:8080/files/b?x=1 trusted'],
    ['http://dav.example:8080/c', 'http://dav.example:8080/c trusted'],
    ['https://cdn.example.com/x', 'https://cdn.example.com/x foreign'],
    ['https://8.8.8.8/x', 'https://8.8.8.8/x foreign'],
    ['https://dav.example:22/x', 'https://dav.example:22/x foreign'],
  ])('follows %s', (location, expected) => {
    expect(target(location)).toBe(expected);
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://0x7f000001/',
    'http://2130706433/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:169.254.169.254]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.96.0.1/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://x.localhost/',
    'http://kubernetes/',
    'http://api.default.svc/',
    'http://api.default.svc.cluster.local/',
    'http://api.default.svc.example.com/',
    'http://metadata.google.internal/',
  ])('refuses %s, unless it is allowed', (location) => {
    expect(target(location)).toMatch(/not on the public internet; .* allowedRedirectHosts/);
    const host = new URL(location).hostname;
    expect(target(location, FROM, [host])).toContain('trusted foreign');
    expect(target(location, FROM, [`${host}:80`])).toContain('trusted foreign');
    expect(target(location, FROM, [`${host}:81`])).toContain('not on the public internet');
  });

  it.each([undefined, 'http://', 'ftp://example.com/', 'file:///etc/passwd', 'data:,x', 'http://u:p@example.com/'])(
    'refuses %s whatever is allowed',
    (location) => {
      expect(target(location, FROM, ['example.com', ''])).toMatch(
        /^The storage's server dav\.example:8080 redirects to/,
      );
    },
  );

  it('does not go from https to http', () => {
    expect(target('http://cdn.example.com/x', new URL('https://dav.example/'))).toContain('from https to http');
  });

  it('knows its own server behind https as well, where it has the usual ports', () => {
    const own = new URL('http://nas.local/dav');
    expect(checkRedirect(own, 'https://nas.local/dav', { own, allowedHosts: [] })).toMatchObject({ trusted: true });
  });
});

describe('publicLookup', () => {
  const resolving = (...addresses: string[]): LookupFunction =>
    publicLookup((_, __, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
    );
  const look = (lookup: LookupFunction, all: boolean): Promise<unknown> =>
    new Promise((resolve, reject) => {
      lookup('drive.example', { all }, (error, found) => (error ? reject(error) : resolve(found)));
    });

  it('gives public addresses to the connection itself', async () => {
    expect(await look(resolving('8.8.8.8', '2606:4700::1'), false)).toBe('8.8.8.8');
    expect(await look(resolving('8.8.8.8', '2606:4700::1'), true)).toHaveLength(2);
  });

  it.each([['127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['::1'], []])('refuses a name that has %s', async (...addresses) => {
    for (const all of [true, false]) {
      await expect(look(resolving(...addresses), all)).rejects.toThrow('not on the public internet');
    }
  });
});
