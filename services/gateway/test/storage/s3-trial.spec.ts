import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey } from '../../src/http/object-key.js';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import type { S3StorageOptions } from '../../src/storage/s3/s3-storage-options.js';
import { TRIAL_CONTENT } from '../../src/storage/s3/trial-objects.js';
import { parseStoragePath, ROOT } from '../../src/storage/storage-path.js';
import { codeOf, get, listAll, put } from '../support/object-bodies.js';
import { MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { answerWith, changeAnswer, S3Proxy, type Fault } from '../support/s3-proxy.js';
import { makeUpstreamBucket, upstreamOptions } from '../support/s3-upstream.js';

const MIB = 1024 * 1024;
const passOn = changeAnswer(() => undefined);

const ALL = {
  settled: true,
  writable: true,
  checksums: true,
  trailers: true,
  contentMd5: true,
  tagging: true,
  createOnly: true,
  ifMatch: 'quoted',
  conditionalDelete: true,
  conditionalComplete: true,
  listsUploads: true,
} as const;

type Asked = (request: IncomingMessage) => boolean;

const has =
  (method: string, header: string): Asked =>
  (request) =>
    request.method === method && request.headers[header] !== undefined;
const asks =
  (method: string, query: string): Asked =>
  (request) =>
    request.method === method && request.url?.includes(query) === true;

/** Each question of the trial, and what has to be taken for not kept while there is no answer. */
const QUESTIONS: [string, Asked, object][] = [
  ['a put', (request) => request.method === 'PUT', { writable: false, createOnly: false, ifMatch: undefined }],
  ['checksums', has('PUT', 'x-amz-checksum-crc32'), { checksums: false, trailers: false }],
  ['a head', (request) => request.method === 'HEAD', { checksums: false, trailers: false }],
  ['a trailer', has('PUT', 'x-amz-trailer'), { trailers: false }],
  ['tags', has('PUT', 'x-amz-tagging'), { tagging: true }],
  ['Content-MD5', has('PUT', 'content-md5'), { contentMd5: false }],
  ['If-None-Match', has('PUT', 'if-none-match'), { createOnly: false }],
  ['If-Match', has('PUT', 'if-match'), { ifMatch: undefined }],
  ['If-Match of a delete', has('DELETE', 'if-match'), { conditionalDelete: false }],
  ['If-None-Match of a completion', has('POST', 'if-none-match'), { conditionalComplete: false }],
  ['an upload', asks('POST', '?uploads'), { conditionalComplete: false, listsUploads: false }],
  ['a list of uploads', asks('GET', '?uploads'), { listsUploads: false }],
];

describe('an upstream S3 that is tried', () => {
  let gateway: RunningGateway;
  let proxy: S3Proxy;
  const storages: S3Storage[] = [];

  function open(change: Partial<S3StorageOptions> = {}): S3Storage {
    const opened = createS3Storage(upstreamOptions({ endpoint: proxy.endpoint, ...MAIN }, change));
    storages.push(opened);
    return opened;
  }

  /** Does something to the next requests of a kind, and lets all others through. */
  function failWhere(asked: Asked, fault: Fault, times = Infinity): void {
    let left = times;
    const judged: Fault = (request, ...rest) => (asked(request) && left-- > 0 ? fault : passOn)(request, ...rest);
    for (const method of ['PUT', 'POST', 'GET', 'HEAD', 'DELETE']) proxy.fail(method, judged, Infinity);
  }

  beforeAll(async () => {
    gateway = await startGateway();
    proxy = await S3Proxy.before(gateway.endpoint);
    await makeUpstreamBucket({ endpoint: gateway.endpoint, ...MAIN }, 'upstream');
  });
  beforeEach(() => proxy.reset());
  afterEach(() => {
    vi.useRealTimers();
    for (const one of storages.splice(0)) one.close();
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  });

  describe.each(QUESTIONS)('and fails at %s', (_, asked, assumed) => {
    it.each([
      [500, 'InternalError'],
      [503, 'ServiceUnavailable'],
    ])('once (%i) is asked again', async (status, code) => {
      failWhere(asked, answerWith(status, code), 1);
      const storage = open();
      await storage.probe();
      expect(storage.known).toEqual(ALL);
    });

    it('again and again is trusted with nothing, and asked again later', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      failWhere(asked, answerWith(500, 'InternalError'));
      const storage = open({ retries: 0 });
      await storage.probe();
      expect(storage.known).toMatchObject({ settled: false, ...assumed });
      proxy.reset();
      await storage.probe();
      expect(storage.known?.settled).toBe(false);
      await vi.advanceTimersByTimeAsync(10_000);
      await storage.probe();
      expect(storage.known).toEqual(ALL);
    });
  });

  it.each([
    [400, 'InvalidRequest'],
    [403, 'AccessDenied'],
    [501, 'NotImplemented'],
  ])('and refuses a trailer (%i) is known to take none', async (status, code) => {
    failWhere(has('PUT', 'x-amz-trailer'), answerWith(status, code));
    const storage = open();
    await storage.probe();
    expect(storage.known).toEqual({ ...ALL, trailers: false });
  });

  it.each([
    [403, 'RequestTimeTooSkewed'],
    [400, 'RequestTimeout'],
    [403, 'QuotaExceeded'],
  ])('and answers %i %s has said nothing of what it can do', async (status, code) => {
    failWhere(has('PUT', 'x-amz-trailer'), answerWith(status, code));
    const storage = open();
    await storage.probe();
    expect(storage.known).toMatchObject({ settled: false, trailers: false });
  });

  it('and left a question open gets large objects in parts, of which a cut one is in no object', async () => {
    failWhere(has('PUT', 'x-amz-trailer'), answerWith(500, 'InternalError'));
    const storage = open({ retries: 0 });
    await storage.probe();
    const store = storage.createStore(parseStoragePath('open'));
    const bytes = Buffer.alloc(9 * MIB, 'open question');
    await put(store, 'large', bytes);
    expect((await get(store, 'large')).equals(bytes)).toBe(true);
    const puts = proxy.seen.filter(({ method, url }) => method === 'PUT' && url.startsWith('/upstream/open/'));
    expect(puts.map(({ url }) => /partNumber=\d/.exec(url)?.[0])).toEqual(['partNumber=1', 'partNumber=2']);
  });

  it('has its object below .bucketway/, or beside it where that is refused, and shows clients neither', async () => {
    const storage = open({ prefix: 'tried/' });
    await storage.probe();
    const places = proxy.seen.flatMap(({ method, url }) =>
      method === 'PUT' ? /^\/upstream\/tried\/(\D+)/.exec(url)?.[1] : [],
    );
    expect([...new Set(places.map((place) => place?.replace(/[a-f]+$/, '')))]).toEqual([
      '.bucketway/trial-',
      'bucketway-trial-',
    ]);
    const left = `bucketway-trial-${randomUUID()}`;
    const root = storage.createStore(ROOT);
    await put(open().createStore(parseStoragePath('tried')), left, 'left');
    await put(root, 'bucketway-trial-notes', 'a client’s own');
    expect(await listAll(root)).toEqual(['bucketway-trial-notes']);
  });

  it('is swept of what trials that were killed have left, after a day', async () => {
    const kinds = ['.bucketway/trial-', 'bucketway-trial-'];
    const days = [new Date(Date.now() - 25 * 3_600_000), new Date(Date.now() - 3_600_000)];
    const names = kinds.flatMap((kind) => days.map((day) => ({ name: kind + randomUUID(), day: day.toISOString() })));
    const row = (name: string, day: string, tag: string): string =>
      tag === 'Contents'
        ? `<Contents><Key>${name}</Key><LastModified>${day}</LastModified><Size>${TRIAL_CONTENT.length}</Size></Contents>`
        : `<Upload><Key>${name}</Key><UploadId>id</UploadId><Initiated>${day}</Initiated></Upload>`;
    const page: Fault = (request, response) => {
      const { searchParams: query } = new URL(request.url ?? '', 'http://upstream');
      const found = names.filter(({ name }) => name.startsWith(query.get('prefix') ?? ''));
      const own = [{ name: '.bucketway/trial-notes', day: days[0]?.toISOString() ?? '' }, ...found];
      const uploads = query.has('uploads');
      const rows = own.map(({ name, day }) => row(name, day, uploads ? 'Upload' : 'Contents')).join('');
      const root = uploads ? 'ListMultipartUploadsResult' : 'ListBucketResult';
      response.end(`<${root}>${rows}</${root}>`);
    };
    failWhere((request) => /prefix=[^&]*trial-(?:&|$)/.test(request.url ?? ''), page);
    await open().probe();
    const gone = proxy.seen.flatMap(({ method, url }) =>
      method === 'DELETE' && names.some(({ name }) => url.includes(name)) ? url.replace('/upstream/', '') : [],
    );
    const old = names.filter(({ day }) => day === days[0]?.toISOString()).map(({ name }) => name);
    expect(gone.map((url) => url.replace(/\?.*/, '')).toSorted()).toEqual([...old, ...old].toSorted());
  });

  it('and left a condition open is not said to have none', async () => {
    failWhere(has('PUT', 'if-none-match'), answerWith(500, 'InternalError'));
    const storage = open({ retries: 0 });
    const store = storage.createStore(parseStoragePath('open'));
    const creating = (): unknown => put(store, 'new', 'x', { conditions: { ifNoneMatch: '*' } });
    expect(await codeOf(creating)).toBe('ServiceUnavailable');
    expect(await codeOf(() => store.head('new' as ObjectKey))).toBe('NoSuchKey');
  });
});
