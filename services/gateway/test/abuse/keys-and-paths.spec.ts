import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdir, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget } from '../support/abuse-target.js';
import { postForm } from '../support/post-form.js';
import type { RawResponse } from '../support/raw-connection.js';
import { formatHead, sha256 } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

const outcome = ({ status, code }: RawResponse): [number, string] => [status, code];
const put = (path: string, body = 'evil'): Promise<RawResponse> => target.signed({ method: 'PUT', target: path, body });
const get = (path: string): Promise<RawResponse> => target.signed({ target: path });
const remove = (path: string): Promise<RawResponse> => target.signed({ method: 'DELETE', target: path });

function multiDelete(keys: readonly string[], bucket = 'victim'): Promise<RawResponse> {
  const body = `<Delete>${keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('')}</Delete>`;
  const headers = { 'x-amz-checksum-sha256': Buffer.from(sha256(body), 'hex').toString('base64') };
  return target.signed({ method: 'POST', target: `/${bucket}?delete`, body, headers });
}

async function startUpload(key = 'parts'): Promise<string> {
  const { body } = await target.signed({ method: 'POST', target: `/victim/${key}?uploads`, length: 0 });
  return /<UploadId>(\w+)</.exec(body.toString())?.[1] as string;
}
async function part(uploadId: string, number: number, body: string | Buffer): Promise<string> {
  const path = `/victim/parts?partNumber=${number}&uploadId=${uploadId}`;
  return (await target.signed({ method: 'PUT', target: path, body })).header('etag') ?? '';
}

function complete(uploadId: string, parts: readonly (readonly [number, string])[]): Promise<RawResponse> {
  const list = parts.map(([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
  const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`;
  return target.signed({ method: 'POST', target: `/victim/parts?uploadId=${uploadId}`, body });
}

/** Keys that a storage of folders could take for a way out of the bucket, encoded for a path. */
const WAYS_OUT = [
  '..',
  '../theirs/secret',
  '%2e%2e/theirs/secret',
  '%2E%2e%2ftheirs%2fsecret',
  '..%2Ftheirs/secret',
  'a/../../theirs/secret',
  'a/..',
  'a/../old',
  './old',
  'a/./b',
  '.',
  '/old',
  '//old',
  '%2Fetc%2Fpasswd',
  'a//b',
  '../../../../../../etc/passwd',
  'old/../old',
];

describe('a key that leads out of its bucket (rclone GHSA-8v25-v8p6-qf7v, CVE-2026-54917)', () => {
  it.each(WAYS_OUT)('%s is not written, read, described or deleted', async (key) => {
    expect(outcome(await put(`/victim/${key}`))).toEqual([400, 'UnsupportedKey']);
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const { status, body } = await target.signed({ method, target: `/victim/${key}` });
      expect([status, body.includes('bytes')]).toEqual([400, false]);
    }
    expect((await target.signed({ method: 'POST', target: `/victim/${key}?uploads`, length: 0 })).status).toBe(400);
    expect((await target.signed({ target: `/victim/${key}?tagging` })).status).toBe(400);
  });

  it.each(WAYS_OUT)('%s is no source of a copy (CVE-2026-55874)', async (key) => {
    for (const source of [`victim/${key}`, `victim/${encodeURIComponent(key)}`, `victim/${key}?versionId=null`]) {
      const headers = { 'x-amz-copy-source': source };
      const answer = await target.signed({ method: 'PUT', target: '/victim/new', length: 0, headers });
      expect([400, 404]).toContain(answer.status);
    }
  });

  it('is no key in DeleteObjects', async () => {
    const keys = [...WAYS_OUT.map(decodeURIComponent), '.bucketway/tmp/x', 'a&#x0;b', '..\\theirs\\secret'];
    const { status, body } = await multiDelete(keys.filter((key) => !key.includes('&#x0;')));
    expect(status).toBe(200);
    expect(body.toString()).toContain('UnsupportedKey');
    expect((await multiDelete(keys)).code).toBe('MalformedXML');
  });

  it('is no key of a form', async () => {
    for (const key of WAYS_OUT.map(decodeURIComponent)) {
      const answer = await target.send(postForm({ bucket: 'victim', fields: { key }, identity: MAIN }));
      expect(outcome(answer)).toEqual([400, 'UnsupportedKey']);
    }
    const named = postForm({
      bucket: 'victim',
      fields: { key: 'a/${filename}' },
      conditions: [{ bucket: 'victim' }, ['starts-with', '$key', 'a/']],
      filename: '../../theirs/new',
      identity: MAIN,
    });
    expect((await target.send(named)).status).toBe(204);
    expect((await remove('/victim/a/new')).status).toBe(204);
  });

  it.each(['../', '../theirs/', '/', './', 'a/../', '%2e%2e%2f', '..%2Ftheirs%2F', '.bucketway', '.bucketway/'])(
    'is no prefix of a listing: %s',
    async (prefix) => {
      for (const query of [
        `list-type=2&prefix=${prefix}`,
        `prefix=${prefix}&delimiter=%2F`,
        `uploads&prefix=${prefix}`,
      ]) {
        const { status, body } = await get(`/victim?${query}`);
        expect([200, 400]).toContain(status);
        expect(body.toString()).not.toMatch(/secret|page|<Key>/);
      }
    },
  );

  it.each(['../../x', '..%2F..%2Fx', '.', '..', '%00', 'a/b', '', '0123456789abcdef0123456789abcdef/../x', '*'])(
    'is no upload id: %s',
    async (uploadId) => {
      const path = `/victim/new?uploadId=${uploadId}`;
      expect(outcome(await put(`${path}&partNumber=1`))).toEqual([404, 'NoSuchUpload']);
      expect((await get(path)).code).toBe('NoSuchUpload');
      expect((await remove(path)).code).toBe('NoSuchUpload');
    },
  );

  it.each([
    '../theirs',
    '..',
    '%2e%2e',
    '.bucketway',
    'victim%2F..%2Ftheirs',
    'victim%00',
    'VICTIM',
    'theirs%2Fsecret',
    'a',
  ])('is no bucket: %s', async (bucket) => {
    for (const path of [`/${bucket}/secret`, `/${bucket}?list-type=2`]) {
      expect([400, 403, 404]).toContain((await get(path)).status);
    }
    expect([400, 403]).toContain((await target.signed({ method: 'PUT', target: `/${bucket}`, length: 0 })).status);
  });
});

describe('a key that is odd', () => {
  it.each([
    ['..%5ctheirs%5csecret', '..\\theirs\\secret'],
    ['%252e%252e%252ftheirs', '%2e%2e%2ftheirs'],
    ['C%3A%5Cwindows', 'C:\\windows'],
    ['...', '...'],
    ['~', '~'],
    ['%24%28id%29', '$(id)'],
    ['a%0D%0ASet-Cookie:%20x', 'a\r\nSet-Cookie: x'],
    ['%01%1f%7f', '\x01\x1f\x7f'],
    ['%3Cscript%3E%26', '<script>&'],
    ['%EF%BF%BE', '\uFFFE'],
    ['a+b%20c', 'a+b c'],
  ])('%s is one file in its bucket, lists as well-formed XML and splits no answer', async (path, name) => {
    const stored = await put(`/victim/${path}`);
    expect(stored.status).toBe(200);
    expect((await lstat(join(target.gateway.root, 'victim', name))).isFile()).toBe(true);
    const { status, body, headers } = await get(`/victim/${path}`);
    expect([status, body.toString()]).toEqual([200, 'evil']);
    expect(headers.map(([header]) => header)).not.toContain('set-cookie');
    const { Contents } = await target.list('victim');
    expect(Contents).toContain('old');
    const listed = await get('/victim?list-type=2&encoding-type=url');
    expect(listed.body.toString()).toContain(encodeURIComponent(name).replaceAll('%20', '+').slice(0, 3));
    expect((await remove(`/victim/${path}`)).status).toBe(204);
    expect((await get(`/victim/${path}`)).headers.map(([header]) => header)).not.toContain('set-cookie');
  });

  it.each(['a%00', '%00', '%ff', '%c0%af', '%ed%a0%80', '%', '%zz', '%e2%82'])(
    '%s is not stored as something else',
    async (key) => {
      expect(outcome(await put(`/victim/${key}`))).toEqual([400, 'InvalidURI']);
    },
  );

  it.each(['a\0b', 'a b', 'a\x7fb', 'a\rb', 'a\nb'])('%j is not read from a raw request line', async (key) => {
    const { status } = await target.send(formatHead('GET', `/public/${key}`, { host: 's3.test' }));
    expect([400, 404]).toContain(status);
  });

  it('is not cut to what fits', async () => {
    expect(outcome(await put(`/victim/${'a'.repeat(256)}`))).toEqual([400, 'KeyTooLongError']);
    expect(outcome(await put(`/victim/${'%C3%A9'.repeat(128)}`))).toEqual([400, 'KeyTooLongError']);
    expect(outcome(await put(`/victim/${'a'.repeat(1025)}`))).toEqual([400, 'KeyTooLongError']);
    const longest = [...Array.from({ length: 4 }, () => 'a'.repeat(204)), 'b'.repeat(204)].join('/');
    expect(longest).toHaveLength(1024);
    for (const key of ['a'.repeat(255), longest]) {
      expect((await put(`/victim/${key}`)).status).toBe(200);
      expect((await remove(`/victim/${key}`)).status).toBe(204);
    }
  });

  it('is not mixed up with its twin in another case or Unicode form', async () => {
    const twins = ['Twin', 'twin', 'caf%C3%A9', 'cafe%CC%81'];
    for (const key of twins) expect((await put(`/victim/${key}`, key)).status).toBe(200);
    for (const key of twins) expect((await get(`/victim/${key}`)).body.toString()).toBe(key);
    for (const key of twins) expect((await remove(`/victim/${key}`)).status).toBe(204);
  });

  it('is not lost between pages, nor out of UTF-8 order', async () => {
    const keys = ['a', 'a-b', 'a/x', 'a0', 'Z', '\u{1F600}', '\uFF61', 'é', 'z', '~'].map(
      (key) => `order/${key === 'a' ? 'a.' : key}`,
    );
    for (const key of keys) await put(`/victim/${encodeURIComponent(key)}`);
    const seen: string[] = [];
    for (let token = ''; ;) {
      const { Contents, Next } = await target.list('victim', `&prefix=order%2F&max-keys=1${token}`);
      seen.push(...Contents);
      if (Next === undefined) break;
      token = `&continuation-token=${encodeURIComponent(Next)}`;
    }
    expect(seen).toEqual(keys.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other))));
    await multiDelete(keys);
  });
});

describe('what is a file and what a folder', () => {
  it('a file does not become a folder, nor a folder a file', async () => {
    expect((await put('/victim/f', 'file')).status).toBe(200);
    expect(outcome(await put('/victim/f/below'))).toEqual([409, 'ObjectParentIsFile']);
    expect(outcome(await get('/victim/f/below'))).toEqual([404, 'NoSuchKey']);
    expect((await remove('/victim/f/below')).status).toBe(204);
    expect((await get('/victim/f')).body.toString()).toBe('file');
    expect((await put('/victim/d/below', 'x')).status).toBe(200);
    expect(outcome(await put('/victim/d'))).toEqual([409, 'ExistingObjectIsDirectory']);
    for (const key of ['d', 'd/']) expect(outcome(await get(`/victim/${key}`))).toEqual([404, 'NoSuchKey']);
    expect((await remove('/victim/d')).status).toBe(204);
    expect((await get('/victim/d/below')).status).toBe(200);
    await multiDelete(['f', 'd/below']);
  });

  it('deleting the object of a folder does not delete what lies in it', async () => {
    for (const [key, body] of [
      ['d/', ''],
      ['d/below', 'x'],
    ] as const) {
      expect((await put(`/victim/${key}`, body)).status).toBe(200);
    }
    expect((await remove('/victim/d/')).status).toBe(204);
    expect((await get('/victim/d/below')).status).toBe(200);
    expect((await remove('/victim/d/below')).status).toBe(204);
  });

  it('a delete that prunes empty folders does not make a put beside it fail', async () => {
    for (let i = 0; i < 100; i++) {
      await put('/victim/p/q/gone');
      const [deleted, stored] = await Promise.all([remove('/victim/p/q/gone'), put('/victim/p/q/kept', String(i))]);
      expect([deleted.status, stored.status]).toEqual([204, 200]);
      expect((await get('/victim/p/q/kept')).body.toString()).toBe(String(i));
      await remove('/victim/p/q/kept');
    }
  });
});

describe('the names that the gateway keeps for itself', () => {
  it.each([
    '.bucketway',
    '.bucketway/',
    '.bucketway/tmp/x',
    '.bucketway-folder',
    'd/.bucketway-folder',
    'd/.bucketway/x',
  ])('%s is not written, read or deleted', async (key) => {
    expect(outcome(await put(`/victim/${key}`))).toEqual([400, 'UnsupportedKey']);
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      expect((await target.signed({ method, target: `/victim/${key}` })).status).toBe(400);
    }
    const headers = { 'x-amz-copy-source': `victim/${key}` };
    expect((await target.signed({ method: 'PUT', target: '/victim/new', length: 0, headers })).status).toBe(400);
  });

  it('are not listed, nor counted, in a bucket that is the whole storage', async () => {
    const { buckets } = target.gateway.snapshots.current;
    const whole = { name: 'whole', path: '/', grants: buckets.get('victim')!.grants, anonymous: 'none' as const };
    target.gateway.change({ buckets: new Map([...buckets, ['whole', whole]]) });
    const started = await target.signed({ method: 'POST', target: '/whole/new?uploads', length: 0 });
    expect(started.status).toBe(200);
    const { Contents } = await target.list('whole');
    expect(Contents).toEqual(['public/page', 'theirs/secret', 'victim/old']);
    expect((await get('/whole?list-type=2&delimiter=%2F')).body.toString()).not.toContain('.bucketway');
    const uploadId = /<UploadId>(\w+)</.exec(started.body.toString())?.[1];
    await remove(`/whole/new?uploadId=${uploadId}`);
    target.gateway.change({ buckets });
  });
});

describe('what is no regular file', () => {
  const links = {
    etc: '/etc',
    passwd: '/etc/passwd',
    other: '../theirs',
    secret: '../theirs/secret',
    nowhere: 'none',
    loop: 'loop',
    up: '..',
  };
  const victim = (name: string): string => join(target.gateway.root, 'victim', name);
  beforeAll(async () => {
    for (const [name, to] of Object.entries(links)) await symlink(to, victim(`link-${name}`));
  });
  afterAll(async () => {
    for (const name of Object.keys(links)) await rm(victim(`link-${name}`));
  });

  it.each([
    'etc/passwd',
    'passwd',
    'other/secret',
    'secret',
    'nowhere',
    'loop',
    'loop/x',
    'up/theirs/secret',
    'etc',
    'up',
  ])('a symbolic link does not lead out of the bucket: link-%s', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      expect([403, 404]).toContain((await target.signed({ method, target: `/victim/link-${path}` })).status);
    }
    const headers = { 'x-amz-copy-source': `victim/link-${path}` };
    const copy = await target.signed({ method: 'PUT', target: '/victim/new', length: 0, headers });
    expect([403, 404]).toContain(copy.status);
  });

  it.each(['etc/new', 'other/new', 'up/theirs/new', 'nowhere/new', 'loop/new'])(
    'nothing is written through a symbolic link: link-%s',
    async (path) => {
      const { status } = await put(`/victim/link-${path}`);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
      await remove(`/victim/link-${path}`);
    },
  );

  it('nothing is deleted through a symbolic link', async () => {
    for (const path of ['other/secret', 'up/theirs/secret', 'up/victim/old']) await remove(`/victim/link-${path}`);
    await multiDelete(['link-other/secret', 'link-up/victim/old']);
  });

  it('a symbolic link is not listed through', async () => {
    const { Contents } = await target.list('victim');
    expect(Contents.filter((key) => key.includes('/') || key.includes('secret'))).toEqual([]);
  });

  it('a symbolic link in the bucket root is no bucket', async () => {
    await symlink('/etc', join(target.gateway.root, 'linked'));
    await symlink('theirs', join(target.gateway.root, 'alias'));
    for (const path of ['/linked/passwd', '/linked?list-type=2', '/alias/secret', '/alias?list-type=2']) {
      expect([403, 404]).toContain((await get(path)).status);
    }
    expect((await get('/')).body.toString()).not.toMatch(/linked|alias/);
    await unlink(join(target.gateway.root, 'linked'));
    await unlink(join(target.gateway.root, 'alias'));
  });

  it('a link that takes the place of a file or folder between look and open is not followed', async () => {
    await mkdir(victim('race'));
    await writeFile(victim('race/secret'), 'mine');
    const done = new AbortController();
    const swapping = (async () => {
      for (let i = 0; !done.signal.aborted; i++) {
        await symlink('../theirs', victim(`swap-${i}`));
        await rename(victim('race'), victim(`kept-${i}`));
        await rename(victim(`swap-${i}`), victim('race'));
        await rename(victim('race'), victim(`swap-${i}`));
        await rename(victim(`kept-${i}`), victim('race'));
        await unlink(victim(`swap-${i}`));
      }
    })();
    const answers = new Map<string, number>();
    for (let i = 0; i < 300; i++) {
      const { status, body } = await get('/victim/race/secret');
      const said = status === 200 ? body.toString() : String(status);
      answers.set(said, (answers.get(said) ?? 0) + 1);
    }
    done.abort();
    await swapping;
    await rm(victim('race'), { recursive: true });
    expect([...answers.keys()].filter((said) => !['mine', '404', '403'].includes(said))).toEqual([]);
    expect(answers.get('mine')).toBeGreaterThan(0);
  });

  it('a FIFO or a socket is no object, and nobody waits for one', async () => {
    execFileSync('mkfifo', [victim('fifo')]);
    const server = createServer().listen(victim('socket'));
    await once(server, 'listening');
    for (const name of ['fifo', 'socket']) {
      expect(outcome(await get(`/victim/${name}`))).toEqual([404, 'NoSuchKey']);
      expect((await get(`/victim/${name}/x`)).status).toBe(404);
      const headers = { 'x-amz-copy-source': `victim/${name}` };
      expect((await target.signed({ method: 'PUT', target: '/victim/new', length: 0, headers })).status).toBe(404);
    }
    expect((await target.list('victim')).Contents).toEqual(['old']);
    server.close();
    await rm(victim('fifo'), { force: true });
    await rm(victim('socket'), { force: true });
  });
});

describe('uploads in parts', () => {
  it('are not completed with parts that are not theirs, unsorted, repeated, too small or too many', async () => {
    const uploadId = await startUpload();
    const one = await part(uploadId, 1, 'small');
    const two = await part(uploadId, 2, 'small too');
    const many = Array.from({ length: 10_001 }, (_, i) => [i + 1, one] as const);
    const refused: [readonly (readonly [number, string])[], string][] = [
      [[[1, '"00000000000000000000000000000000"']], 'InvalidPart'],
      [[[3, one]], 'InvalidPart'],
      [
        [
          [2, two],
          [1, one],
        ],
        'InvalidPartOrder',
      ],
      [
        [
          [1, one],
          [1, one],
        ],
        'InvalidPartOrder',
      ],
      [
        [
          [1, one],
          [2, two],
        ],
        'EntityTooSmall',
      ],
      [many, 'MalformedXML'],
      [[], 'MalformedXML'],
    ];
    for (const [parts, code] of refused) expect((await complete(uploadId, parts)).code).toBe(code);
    for (const number of ['0', '10001', '-1', '1e3', 'x', '']) {
      const path = `/victim/parts?partNumber=${number}&uploadId=${uploadId}`;
      expect((await target.signed({ method: 'PUT', target: path, body: 'x' })).status).toBe(400);
    }
    expect((await remove(`/victim/parts?uploadId=${uploadId}`)).status).toBe(204);
  });

  it('are not made into two objects by completing them twice at once', async () => {
    const uploadId = await startUpload();
    const etag = await part(uploadId, 1, 'whole');
    const answers = await Promise.all(Array.from({ length: 5 }, () => complete(uploadId, [[1, etag]])));
    expect(answers.map(outcome)).toEqual(answers.map(() => [200, '']));
    expect((await get('/victim/parts')).body.toString()).toBe('whole');
    expect((await remove('/victim/parts')).status).toBe(204);
    expect((await complete(uploadId, [[1, etag]])).code).toBe('NoSuchUpload');
  });

  it('do not come back by a part that was under way when they were aborted', async () => {
    const uploadId = await startUpload();
    const late = Array.from({ length: 4 }, (_, i) => part(uploadId, i + 1, Buffer.alloc(2_000_000)));
    expect((await remove(`/victim/parts?uploadId=${uploadId}`)).status).toBe(204);
    await Promise.all(late);
    expect((await get(`/victim/parts?uploadId=${uploadId}`)).code).toBe('NoSuchUpload');
    expect((await get('/victim?uploads')).body.toString()).not.toContain(uploadId);
  });

  it('of another key are not gone on with', async () => {
    const uploadId = await startUpload('other');
    expect((await complete(uploadId, [[1, 'x']])).code).toBe('NoSuchUpload');
    expect(await part(uploadId, 1, 'x')).toBe('');
    await remove(`/victim/other?uploadId=${uploadId}`);
  });
});
