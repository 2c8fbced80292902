import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError } from './configuration-error.js';
import type { Configuration } from './configuration.js';
import { loadConfiguration, parseConfiguration } from './load-configuration.js';

const FILE = '/etc/bucketway/bucketway.yaml';
const STORAGE = 'storages: [{mount: /, local: {root: ./data}}]';

function mistakesOf(text: string): string[] {
  try {
    parseConfiguration(text, FILE);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message.split('\n');
    throw error;
  }
  return [];
}

function parse(text: string): Configuration {
  return parseConfiguration(text, FILE);
}

describe('parseConfiguration', () => {
  it('fills in the defaults', () => {
    expect(parse(STORAGE)).toMatchObject({
      listen: { host: '0.0.0.0', port: 9000 },
      admin: { host: '0.0.0.0', port: 9001 },
      region: 'us-east-1',
      domains: [],
      signatureVersions: new Set(['v4']),
      storages: [{ mount: '/', local: { root: '/etc/bucketway/data', durability: 'none', metadata: 'auto' } }],
      accessLog: { to: 'stdout' },
      shutdownGraceSeconds: 25,
      usageIntervalSeconds: 300,
      bucketRoot: undefined,
      documents: [],
      files: [FILE],
    });
  });

  it.each([
    [
      'listen: 0.0.0.0:9000\nadmin: 127.0.0.1:9000',
      '2:1: admin: listen (0.0.0.0:9000) and admin (127.0.0.1:9000) need',
    ],
    ['listen: 0.0.0.0:9001', '1:1: listen: listen (0.0.0.0:9001) and admin (0.0.0.0:9001) need'],
    ['lisen:', '1:1: lisen: is not a known field; did you mean "listen"?'],
    ['tls:\n  certFile: c\n  keyFile: k\n  caFile:', '4:3: tls.caFile: is not a known field'],
    [
      'region: eu\ndomains: [*.example.com]',
      '2:11: *.example.com is an alias of YAML, and nothing is named so; quote it: "*.example.com"',
    ],
    ['region: 0123', '; quote it: "0123"'],
    ['identities:\n- {name: x, accessKeyId: 1234567, secretAccessKey: s3cret-key}', '; quote it: "1234567"'],
  ])('refuses %j, and says where and why', (text, message) => {
    const mistakes = mistakesOf(`${text}\n${STORAGE}`);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toContain(message);
  });

  it.each(['listen: 127.0.0.1:9000\nadmin: 127.0.0.2:9000', 'listen: :0\nadmin: :0', 'admin: off', 'buckets:'])(
    'takes %j',
    (text) => expect(mistakesOf(`${text}\n${STORAGE}`)).toEqual([]),
  );

  it('does not say that a number is to be quoted that is out of its range', () => {
    expect(mistakesOf(`shutdownGraceSeconds: 9999\n${STORAGE}`)[0]).not.toContain('quote');
  });

  it('resolves identities, grants and roots', () => {
    const configuration = parse(`
listen: '[::1]:9100'
admin: off
domains: [S3.Example.com]
signatureVersions: [v4, v2]
workers: 3
accessLog: {file: access.log}
storages:
  - {mount: /, local: {root: /srv, durability: file, metadata: sidecar}}
identities:
  - {name: main, accessKeyId: AKMAIN, secretAccessKey: main-secret}
  - {name: reader, accessKeyId: AKREAD, secretAccessKey: read-secret}
buckets:
  - name: photos
    path: /photos
    grants:
      - {identity: main, mode: admin}
      - {identity: reader, mode: [read], prefix: public/}
    anonymous: read
    quota: {maxBytes: 10}
    cors: [{allowedOrigins: ['*'], allowedMethods: [GET]}]
  - {name: empty, path: /}
bucketRoot: {path: /buckets, create: [main]}
documents: [docs, /var/docs]
`);
    expect(configuration).toMatchObject({
      listen: { host: '::1', port: 9100 },
      admin: undefined,
      domains: ['s3.example.com'],
      workers: 3,
      accessLog: { to: 'file', path: '/etc/bucketway/access.log' },
      bucketRoot: { path: '/buckets', create: new Set(['AKMAIN']) },
      documents: ['/etc/bucketway/docs', '/var/docs'],
    });
    expect(configuration.identities.get('AKREAD')).toEqual({
      name: 'reader',
      accessKeyId: 'AKREAD',
      secretAccessKey: 'read-secret',
    });
    expect(configuration.buckets.get('photos')).toEqual({
      name: 'photos',
      path: '/photos',
      grants: [
        { accessKeyId: 'AKMAIN', permissions: new Set(['read', 'write', 'list', 'admin']), prefix: '' },
        { accessKeyId: 'AKREAD', permissions: new Set(['read']), prefix: 'public/' },
      ],
      anonymous: 'read',
      quota: { maxBytes: 10, mode: 'enforce' },
      cors: [{ allowedOrigins: ['*'], allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] }],
    });
    // A snapshot travels to the workers.
    expect(structuredClone(configuration)).toEqual(configuration);
  });

  it('takes members without a value as not written', () => {
    expect(parse(`${STORAGE}\nbuckets:\ntls:\nidentities:\ndocuments:\nbucketRoot:\n`).buckets.size).toBe(0);
  });

  it.each([
    ['', ':1:1: must be an object'],
    ['- a', ':1:1: must be an object'],
    ['a: [', ':1:5: '],
    ['region: eu\nregion: us\n' + STORAGE, ':2:1: Map keys must be unique'],
    ['region: eu', ':1:1: storages: is missing and must be a list of storages'],
    ['storages: []', ':1:1: storages: must hold at least one storage'],
    ['storages:\n- mount: /', ':2:3: storages[0]: names no storage: add one of local, openlist, webdav, s3'],
    [
      'storages:\n- mount: /\n  local: {rot: x}',
      ':3:3: storages[0].local.root: is missing and must be the path of a folder\n' +
        FILE +
        ':3:11: storages[0].local.rot: is not a known field; did you mean "root"?',
    ],
    ['storages:\n- mount: data\n  local: {root: x}', ':2:3: storages[0].mount: must be an absolute path in the tree'],
    [
      `${STORAGE}\nbuckets: [{name: inner, path: /a/.bucketway}]`,
      ':2:25: buckets[0].path: must be an absolute path in the tree',
    ],
    [`${STORAGE}\nbucketRoot: {path: /.Bucketway/x}`, ':2:14: bucketRoot.path: must be an absolute path in the tree'],
    [
      'storages:\n- mount: /\n  local: {root: x, durability: full}',
      ':3:20: storages[0].local.durability: must be one of none, file, directory',
    ],
    [`lisen: x\n${STORAGE}`, ':1:1: lisen: is not a known field; did you mean "listen"?'],
    [`listen: 9000\n${STORAGE}`, ':1:1: listen: must be HOST:PORT'],
    [`listen: a:99999\n${STORAGE}`, ':1:1: listen: must be HOST:PORT'],
    [`workers: 0\n${STORAGE}`, ':1:1: workers: must be auto'],
    [`accessLog: {path: x}\n${STORAGE}`, ':1:1: accessLog: must be stdout, off'],
    [`signatureVersions: [v3]\n${STORAGE}`, ':1:1: signatureVersions: must be a list of v4, v2'],
    [
      `${STORAGE}\nbuckets:\n- {name: abc, path: /a, grants: [{identity: man, mode: admin}]}\nidentities:\n- {name: main, accessKeyId: AKMAIN, secretAccessKey: main-secret}`,
      ':3:35: buckets[0].grants[0].identity: no identity is named "man"; did you mean "main"?',
    ],
    [
      `${STORAGE}\nbuckets:\n- {name: abc, path: /a}\n- {name: abc, path: /b}`,
      ':4:4: buckets[1].name: "abc" stands here twice',
    ],
    [
      `storages: [{mount: /x, local: {root: x}}]\nbuckets:\n- {name: abc, path: /xy}`,
      ':3:15: buckets[0].path: no storage is mounted at or above "/xy"',
    ],
    [
      'storages: [{mount: /x, local: {root: x}}, {mount: /x, local: {root: y}}]',
      ':1:44: storages[1].mount: another storage is mounted',
    ],
    [
      `${STORAGE}\nidentities:\n- {name: main, accessKeyId: AKMAIN}`,
      ':3:3: identities[0].secretAccessKey: write either secretAccessKey or secretAccessKeyFile',
    ],
    [
      `${STORAGE}\nidentities:\n- {name: main, accessKeyId: AKMAIN, secretAccessKeyFile: /nowhere/x}`,
      ':3:37: identities[0].secretAccessKeyFile: cannot be read: ENOENT',
    ],
    [
      `${STORAGE}\nbucketRoot: {path: /, create: [nobody]}`,
      ':2:32: bucketRoot.create[0]: no identity is named "nobody"; add it to identities',
    ],
    [`${STORAGE}\ntls: {certFile: /nowhere/c}`, ':2:1: tls.keyFile: is missing and must be the path of a file'],
  ])('refuses %j', (text, message) => {
    expect(mistakesOf(text).join('\n')).toContain(`${FILE}${message}`);
  });

  it('names every mistake, in the order of the file', () => {
    const mistakes = mistakesOf(`listen: x\nregion: 7\nadmin: y\n${STORAGE}\nbukets: []\n`);
    expect(mistakes.map((line) => line.slice(FILE.length).split(': ')[0])).toEqual([':1:1', ':2:1', ':3:1', ':5:1']);
  });

  it('names contradictions in one run with the mistakes of single fields', () => {
    const mistakes = mistakesOf(`regoin: x
storages: [{mount: /x, local: {root: x}}]
identities: [{name: main, accessKeyId: AKMAIN}]
buckets:
- {name: abc, path: /y, grants: [{identity: man, mode: reed}]}
- {name: abc, path: /x}
bucketRoot: {path: /z, create: [nobody]}`);
    expect(mistakes.map((line) => line.slice(FILE.length))).toEqual([
      ':1:1: regoin: is not a known field; did you mean "region"?',
      ':3:14: identities[0].secretAccessKey: write either secretAccessKey or secretAccessKeyFile',
      ':5:15: buckets[0].path: no storage is mounted at or above "/y"',
      ':5:35: buckets[0].grants[0].identity: no identity is named "man"; did you mean "main"?',
      expect.stringMatching(/^:5:50: buckets\[0\]\.grants\[0\]\.mode: must be/),
      ':6:4: buckets[1].name: "abc" stands here twice',
      ':7:14: bucketRoot.path: no storage is mounted at or above "/z"',
      ':7:33: bucketRoot.create[0]: no identity is named "nobody"; add it to identities',
    ]);
  });

  it.each([
    // The one without a mount may be the one above; the one without a name may be the one that is meant.
    ['storages: [{mount: x, local: {root: x}}]\nbuckets: [{name: abc, path: /y}]', 1],
    ['storages: 7\nbuckets: [{name: abc, path: /y}]', 1],
    [`${STORAGE}\nidentities: [7]\nbucketRoot: {path: /, create: [main]}`, 1],
    [`${STORAGE}\nidentities: 7\nbuckets: [null, 7]\nbucketRoot: []`, 3],
    [`${STORAGE}\nbuckets: [null]`, 1],
  ])('says nothing that it cannot know of %j', (text, count) => {
    const mistakes = mistakesOf(text);
    expect(mistakes).toHaveLength(count);
    expect(mistakes.join()).not.toMatch(/no storage is mounted|no identity is named/);
  });

  it('names what is wrong with files in one run with contradictions', () => {
    const text = `${STORAGE}\nidentities: [{name: a, accessKeyId: AKA, secretAccessKeyFile: /nowhere/x}]\nbucketRoot: {path: /, create: [b]}`;
    expect(mistakesOf(text)).toEqual([
      expect.stringContaining('cannot be read: ENOENT'),
      expect.stringContaining('no identity is named "b"'),
    ]);
  });

  it('never says a secret', () => {
    const mistakes = mistakesOf(
      `${STORAGE}\nidentities:\n- {name: a, accessKeyId: 'AK A', secretAccessKey: 'top secret'}\n- {name: a, accessKeyId: AKB, secretAccessKey: "tiptop"}`,
    );
    expect(mistakes.length).toBeGreaterThan(1);
    expect(mistakes.join()).not.toMatch(/top secret|tiptop/);
  });
});

describe('loadConfiguration', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-config-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('reads secrets from files beside it', () => {
    writeFileSync(join(folder, 'secret'), 'file-secret\n');
    const file = join(folder, 'c.yaml');
    writeFileSync(file, `${STORAGE}\nidentities: [{name: a, accessKeyId: AKA, secretAccessKeyFile: secret}]`);
    const { identities, files } = loadConfiguration(file);
    expect(identities.get('AKA')?.secretAccessKey).toBe('file-secret');
    expect(files).toEqual([file, join(folder, 'secret')]);
  });

  it('says that the file is not there', () => {
    expect(() => loadConfiguration(join(folder, 'none.yaml'))).toThrow(/none\.yaml:1:1: cannot be read: ENOENT/);
  });

  it('refuses a certificate that is none', () => {
    for (const name of ['c', 'k']) writeFileSync(join(folder, name), 'x');
    const file = join(folder, 'c.yaml');
    writeFileSync(file, `${STORAGE}\ntls: {certFile: c, keyFile: k}`);
    expect(() => loadConfiguration(file)).toThrow(/:2:1: tls: the certificate and the key do not work together/);
  });
});
