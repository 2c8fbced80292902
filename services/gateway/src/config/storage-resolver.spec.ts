import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from './configuration-error.js';
import { loadConfiguration, parseConfiguration } from './load-configuration.js';
import type { StorageMount } from './snapshot.js';

const FILE = '/etc/bucketway/bucketway.yaml';
const KEYS = 'accessKeyId: AKUP, secretAccessKey: up-secret';

function parse(storages: string): readonly StorageMount[] {
  return parseConfiguration(`storages:\n${storages}`, FILE).storages;
}

function mistakesOf(text: string): string {
  try {
    parseConfiguration(text, FILE);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return '';
}

describe('storages of a configuration', () => {
  it('fills in the defaults of an OpenList server', () => {
    expect(parse("- {mount: /cloud, openlist: {url: 'http://openlist:5244/', token: openlist-abc}}")).toEqual([
      {
        mount: '/cloud',
        openlist: {
          url: 'http://openlist:5244',
          path: '/',
          token: 'openlist-abc',
          atomicRename: false,
          refresh: 'never',
          listingCacheSeconds: 5,
          redirectReads: false,
          allowedRedirectHosts: [],
          connectTimeoutMs: 5_000,
          idleTimeoutMs: 60_000,
          maxConcurrentRequests: 64,
          retries: 3,
        },
      },
    ]);
  });

  it('takes every field of an OpenList server', () => {
    const [mount] = parse(`- mount: /cloud
  openlist:
    url: https://example.com/openlist
    path: /drive/team a
    token: t
    atomicRename: true
    refresh: {olderThanSeconds: 90}
    listingCacheSeconds: 0
    redirectReads: true
    allowedRedirectHosts: [MinIO.storage, '10.0.0.7:9000']
    connectTimeoutSeconds: 0.5
    idleTimeoutSeconds: 10
    maxConcurrentRequests: 4
    retries: 0`);
    expect(mount).toEqual({
      mount: '/cloud',
      openlist: {
        url: 'https://example.com/openlist',
        path: '/drive/team a',
        token: 't',
        atomicRename: true,
        refresh: { olderThanSeconds: 90 },
        listingCacheSeconds: 0,
        redirectReads: true,
        allowedRedirectHosts: ['minio.storage', '10.0.0.7:9000'],
        connectTimeoutMs: 500,
        idleTimeoutMs: 10_000,
        maxConcurrentRequests: 4,
        retries: 0,
      },
    });
  });

  it('fills in the defaults of a WebDAV server', () => {
    expect(parse("- {mount: /dav, webdav: {url: 'https://dav.example.com/files/'}}")).toEqual([
      {
        mount: '/dav',
        webdav: {
          url: 'https://dav.example.com/files',
          auth: { kind: 'none' },
          traits: { atomicReplace: false, atomicCreate: false },
          listingCacheSeconds: 5,
          allowedRedirectHosts: [],
          connectTimeoutMs: 5_000,
          idleTimeoutMs: 60_000,
          maxConcurrentRequests: 64,
          retries: 3,
        },
      },
    ]);
  });

  it.each([
    ['username: dav, password: p w', { kind: 'basic', username: 'dav', password: 'p w' }],
    ['username: dav, password: p, authentication: digest', { kind: 'digest', username: 'dav', password: 'p' }],
    ['bearerToken: abc', { kind: 'bearer', token: 'abc' }],
  ])('knows how to authenticate with %j', (members, auth) => {
    expect(parse(`- {mount: /, webdav: {url: 'https://a', ${members}}}`)).toMatchObject([{ webdav: { auth } }]);
  });

  it('fills in the defaults of an upstream S3', () => {
    expect(parse(`- {mount: /, s3: {endpoint: 'http://rgw:7480', bucket: shared, prefix: team, ${KEYS}}}`)).toEqual([
      {
        mount: '/',
        s3: {
          endpoint: 'http://rgw:7480',
          region: 'us-east-1',
          bucket: 'shared',
          prefix: 'team/',
          accessKeyId: 'AKUP',
          secretAccessKey: 'up-secret',
          addressingStyle: 'path',
          redirectReads: false,
          connectTimeoutMs: 5_000,
          idleTimeoutMs: 60_000,
          maxConcurrentRequests: 64,
          retries: 3,
        },
      },
    ]);
  });

  it.each([
    ['- {mount: /, locl: {root: x}}', 'storages[0].locl: is not a known field; did you mean "local"?'],
    ['- {mount: /}', 'storages[0]: names no storage: add one of local, openlist, webdav, s3'],
    [
      "- {mount: /, local: {root: x}, openlist: {url: 'http://a', token: t}}",
      'storages[0].openlist: stands beside local: a mount is one storage; give openlist a mount of its own',
    ],
    ["- {mount: /, openlist: {url: 'http://a'}}", 'storages[0].openlist.token: write either token or tokenFile'],
    ["- {mount: /, openlist: {url: 'ftp://a', token: t}}", 'storages[0].openlist.url: must be the URL of a server'],
    ["- {mount: /, openlist: {url: 'http://u:p@a', token: t}}", 'storages[0].openlist.url: must be the URL of a'],
    [
      "- {mount: /, openlist: {url: 'http://a', token: 'a b'}}",
      "storages[0].openlist.token: must be OpenList's static",
    ],
    [
      "- {mount: /, openlist: {url: 'http://a', path: x, token: t}}",
      'openlist.path: must be an absolute path in OpenL',
    ],
    [
      "- {mount: /, openlist: {url: 'http://a', token: t, refresh: 5}}",
      'openlist.refresh: must be never, always, or {',
    ],
    [
      "- {mount: /, openlist: {url: 'http://a', token: t, allowedRedirectHosts: ['http://b']}}",
      'openlist.allowedRedirectHosts: must be a list of hosts such as',
    ],
    ["- {mount: /, openlist: {url: 'http://a', token: t, retries: 99}}", 'openlist.retries: must be at most 10'],
    [
      "- {mount: /, openlist: {url: 'http://a', token: t, idleTimeout: 9}}",
      'openlist.idleTimeout: is not a known field; known are',
    ],
    [`- {mount: /, s3: {endpoint: 'http://a/b', bucket: abc, ${KEYS}}}`, 's3.endpoint: must be the URL of a server'],
    [`- {mount: /, s3: {endpoint: 'http://a', ${KEYS}}}`, 's3.bucket: is missing and must be the name of a bucket'],
    [`- {mount: /, s3: {endpoint: 'http://a', bucket: abc, prefix: /x, ${KEYS}}}`, 's3.prefix: must be a key prefix'],
    [
      "- {mount: /, s3: {endpoint: 'http://a', bucket: abc, accessKeyId: A}}",
      's3.secretAccessKey: write either secretAccessKey or secretAccessKeyFile',
    ],
    [
      `- {mount: /, s3: {endpoint: 'http://a', bucket: abc, sessionToken: t, sessionTokenFile: f, ${KEYS}}}`,
      's3.sessionToken: write either sessionToken or sessionTokenFile, not both',
    ],
    [
      `- {mount: /, s3: {endpoint: 'http://a', bucket: abc, addressingStyle: auto, ${KEYS}}}`,
      's3.addressingStyle: must be one of path, virtual',
    ],
    [
      "- {mount: /, openlist: {url: 'http://a', tokenFile: /nowhere/token}}",
      'storages[0].openlist.tokenFile: cannot be read: ENOENT',
    ],
    [
      "- {mount: /, webdav: {url: 'http://a', username: u}}",
      'webdav.password: is missing: username and password go tog',
    ],
    ["- {mount: /, webdav: {url: 'http://a', passwordFile: u}}", 'webdav.username: is missing: username and password'],
    ["- {mount: /, webdav: {url: 'http://a', username: 'a:b', password: p}}", 'webdav.username: must be a name in one'],
    [
      "- {mount: /, webdav: {url: 'http://a', username: a, password: p, bearerToken: t}}",
      'storages[0].webdav: write either username and password or bearerToken, not both',
    ],
    ["- {mount: /, webdav: {url: 'http://a', authentication: digest}}", 'webdav.authentication: is of no use without'],
    [
      "- {mount: /, webdav: {url: 'http://a', bearerToken: t, bearerTokenFile: f}}",
      'bearerToken or bearerTokenFile, not',
    ],
    ["- {mount: /, webdav: {url: 'http://a?b'}}", 'webdav.url: must be the URL of a server'],
    [
      "- {mount: /, webdav: {url: 'http://a/x'}}\n- {mount: /b, webdav: {url: 'http://a:80/x/y'}}",
      'storages[1]: serves files that the storage at "/" serves',
    ],
    ['- {mount: /, local: {root: /srv}}\n- {mount: /b, local: {root: /srv/x}}', 'storages[1]: serves files that the'],
    ['- {mount: /, local: {root: .}}\n- {mount: /b, local: {root: /etc/bucketway/}}', 'storages[1]: serves files that'],
    [
      "- {mount: /, openlist: {url: 'http://a', path: /x/y, token: t}}\n- {mount: /b, openlist: {url: 'HTTP://A/', path: /x, token: t}}",
      'storages[1]: serves files that the storage at "/" serves',
    ],
  ])('refuses %j', (storages, message) => {
    expect(mistakesOf(`storages:\n${storages}`)).toContain(message);
  });

  it.each([
    ['- {mount: /, local: {root: /srv}}\n- {mount: /b, local: {root: /srv2}}'],
    [
      "- {mount: /, openlist: {url: 'http://a', path: /x, token: t}}\n- {mount: /b, openlist: {url: 'http://a', path: /xy, token: t}}",
    ],
    // An upstream sees to its objects itself.
    [
      `- {mount: /, s3: {endpoint: 'http://a', bucket: abc, ${KEYS}}}\n- {mount: /b, s3: {endpoint: 'http://a', bucket: abc, prefix: x, ${KEYS}}}`,
    ],
  ])('takes %j', (storages) => {
    expect(mistakesOf(`storages:\n${storages}`)).toBe('');
  });

  it('refuses a bucket root where there are no folders', () => {
    const storages = `storages:\n- {mount: /, local: {root: x}}\n- {mount: /up, s3: {endpoint: 'http://a', bucket: abc, ${KEYS}}}`;
    expect(mistakesOf(`${storages}\nbucketRoot: {path: /up/x}`)).toContain(
      'bucketRoot.path: lies on the s3 storage at "/up", which has no folders',
    );
    expect(mistakesOf(`${storages}\nbucketRoot: {path: /x}`)).toBe('');
  });

  it('never says a secret', () => {
    const mistakes = mistakesOf(`storages:
- {mount: /, openlist: {url: 'http://user:hunter2@a', token: 'the secret'}}
- {mount: /up, s3: {endpoint: 'http://user:hunter2@a', bucket: a, accessKeyId: 'the secret', secretAccessKey: 'the secret'}}`);
    expect(mistakes).not.toMatch(/hunter2|the secret/);
    expect(mistakes.split('\n').length).toBeGreaterThan(4);
  });
});

describe('secrets in files', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-config-'));
    file = join(folder, 'bucketway.yaml');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('are read without the end of the line, and followed', () => {
    writeFileSync(join(folder, 'token'), 'first\n');
    writeFileSync(file, "storages: [{mount: /, openlist: {url: 'http://a', tokenFile: token}}]");
    const { storages, files } = loadConfiguration(file);
    expect(storages).toMatchObject([{ openlist: { token: 'first' } }]);
    expect(files).toEqual([file, join(folder, 'token')]);
  });

  it.each(['', 'two\nlines\n', 'ünï'])('must hold one: %j', (text) => {
    writeFileSync(join(folder, 'token'), text);
    writeFileSync(file, "storages: [{mount: /, openlist: {url: 'http://a', tokenFile: token}}]");
    expect(() => loadConfiguration(file)).toThrow(/tokenFile: the text in token must be OpenList's static token/);
  });

  it('refuses a file of certificates that holds none', () => {
    writeFileSync(join(folder, 'ca.pem'), 'nothing');
    writeFileSync(file, "storages: [{mount: /, openlist: {url: 'https://a', token: t, caFile: ca.pem}}]");
    expect(() => loadConfiguration(file)).toThrow(/openlist\.caFile: holds no certificate in PEM/);
  });
});
