import { describe, expect, it } from 'vitest';
import { isAccessKeyId, isSecretAccessKey } from './access-key.js';
import { isAccessMode, permissionsOf } from './access-mode.js';
import { isBucketName } from './bucket-name.js';
import { documentFileName, parseDocumentFileName, shardOf } from './document-files.js';
import { formatPath } from './mistake.js';
import { nearestName } from './nearest-name.js';
import { isTreePath } from './tree-path.js';

describe('isTreePath', () => {
  it.each(['/', '/a', '/a/b.c', '/team-a/…', '/a b', '/...', '/.hidden'])('accepts %j', (path) => {
    expect(isTreePath(path)).toBe(true);
  });
  it.each([
    '',
    'a',
    '/a/',
    '//',
    '/a//b',
    '/.',
    '/..',
    '/a/../b',
    '/a/./b',
    '/a\\b',
    '/a\0',
    '/a\n',
    '/\ud800',
    7,
    null,
  ])('refuses %j', (path) => {
    expect(isTreePath(path)).toBe(false);
  });
  it('refuses more bytes than a path can have', () => {
    expect(isTreePath(`/${'é'.repeat(2047)}`)).toBe(true);
    expect(isTreePath(`/${'é'.repeat(2048)}`)).toBe(false);
  });
});

describe('isBucketName', () => {
  it.each(['abc', 'a.b', 'a-b', '0a0', 'x'.repeat(63)])('accepts %j', (name) => expect(isBucketName(name)).toBe(true));
  it.each(['ab', 'Abc', 'a_b', '-ab', 'ab-', 'a..b', 'a.-b', '10.0.0.1', 'x'.repeat(64), '../a', undefined])(
    'refuses %j',
    (name) => expect(isBucketName(name)).toBe(false),
  );
});

describe('keys', () => {
  it.each(['BW7QABC', 'minio', 'constructor', 'a.b-c_d'])('accepts the id %j', (id) =>
    expect(isAccessKeyId(id)).toBe(true),
  );
  it.each(['', 'ab', '__proto__', 'a/b', 'a b', 'a,b', 'a:b', 'é12'])('refuses the id %j', (id) =>
    expect(isAccessKeyId(id)).toBe(false),
  );
  it.each(['short', 'with space', 'new\nline', 'x'.repeat(257)])('refuses the secret %j', (secret) =>
    expect(isSecretAccessKey(secret)).toBe(false),
  );
});

describe('access modes', () => {
  it('give permissions', () => {
    expect(permissionsOf('read-only')).toEqual(['read', 'list']);
    expect(permissionsOf('admin')).toEqual(['read', 'write', 'list', 'admin']);
    expect(permissionsOf(['write', 'list'])).toEqual(['write', 'list']);
  });
  it.each([[[]], ['toString'], [['read', 'own']], [undefined], [{}]])('refuses %j', (mode) =>
    expect(isAccessMode(mode)).toBe(false),
  );
});

describe('document files', () => {
  it.each([
    ['mappings.json', { kind: 'mappings', shard: '' }],
    ['credentials-12.json', { kind: 'credentials', shard: '12' }],
    ['mappings-team.a.json', { kind: 'mappings', shard: 'team.a' }],
    ['mappings.json.bak', undefined],
    ['..data', undefined],
    ['other.json', undefined],
    ['mappings-..json', undefined],
  ])('%s', (name, file) => {
    expect(parseDocumentFileName(name)).toEqual(file);
    if (file !== undefined) expect(documentFileName(file.kind as 'mappings', file.shard)).toBe(name);
  });

  it('have a shard that never changes for a bucket', () => {
    expect(['photos', 'logs', 'backup'].map((name) => shardOf(name, 16))).toEqual([4, 2, 6]);
  });
});

describe('messages', () => {
  it.each([
    [[], ''],
    [['storages', 1, 'local', 'root'], 'storages[1].local.root'],
    [['keys', 'a.b', 'secretAccessKey'], 'keys["a.b"].secretAccessKey'],
  ])('write the path %j', (path, text) => expect(formatPath(path)).toBe(text));

  it.each([
    ['listne', 'listen'],
    ['lisen', 'listen'],
    ['Region', 'region'],
    ['zzz', undefined],
    ['bucket', 'buckets'],
  ])('suggest for %s', (name, nearest) => {
    expect(nearestName(name, ['listen', 'admin', 'region', 'buckets', 'bucketRoot'])).toBe(nearest);
  });
});
