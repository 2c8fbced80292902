import { hash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { computeChecksum } from '../../src/checksums/checksum-calculator.js';
import { S3Error } from '../../src/errors/s3-error.js';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { NO_BYTES } from '../../src/objects/read-intent.js';
import type { CopyObjectRequest } from '../../src/objects/storage-copy.js';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import type { S3StorageOptions } from '../../src/storage/s3/s3-storage-options.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import { bodyOfBytes, codeOf, get, listAll, NO_ATTRIBUTES, put, readAll } from '../support/object-bodies.js';
import { pumped } from '../support/pumped-body.js';
import { MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';
import {
  answerWith,
  changeAnswer,
  cutAnswer,
  cutRequest,
  drip,
  S3Proxy,
  stall,
  type Fault,
} from '../support/s3-proxy.js';
import { makeUpstreamBucket, upstreamOptions } from '../support/s3-upstream.js';

const MIB = 1024 * 1024;
const key = (text: string): ObjectKey => text as ObjectKey;

function content(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 1024) bytes.writeUInt32LE((at * 31 + seed) >>> 0, at);
  return bytes;
}

describe('an upstream S3 that misbehaves', () => {
  let gateway: RunningGateway;
  let proxy: S3Proxy;
  let storage: S3Storage;
  let store: ObjectStore;
  /** The same, for a server that says nothing; a busy machine is silent for longer. */
  let impatient: ObjectStore;
  const storages: S3Storage[] = [];

  function open(change: Partial<S3StorageOptions> = {}): S3Storage {
    const server = { endpoint: proxy.endpoint, ...MAIN };
    const opened = createS3Storage(upstreamOptions(server, change));
    storages.push(opened);
    return opened;
  }

  async function errorOf(action: () => unknown): Promise<S3Error> {
    try {
      await action();
    } catch (error) {
      if (error instanceof S3Error) return error;
      throw error;
    }
    throw new Error('It has succeeded.');
  }

  beforeAll(async () => {
    gateway = await startGateway();
    proxy = await S3Proxy.before(gateway.endpoint);
    await makeUpstreamBucket({ endpoint: gateway.endpoint, ...MAIN }, 'upstream');
    storage = open();
    store = storage.createStore(parseStoragePath('faults'));
    await storage.probe();
    const soon = open({ idleTimeoutMs: 500 });
    await soon.probe();
    impatient = soon.createStore(parseStoragePath('faults'));
  });
  beforeEach(() => proxy.reset());
  afterEach(() => proxy.reset());
  afterAll(async () => {
    for (const one of storages) one.close();
    await proxy[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  });

  describe.each([
    ['an object', 2 * MIB],
    ['a large object', 6 * MIB],
  ])('while %s is read', (_, size) => {
    it.each([
      ['after its first byte', 1],
      ['in the middle', 700_000],
    ])('is asked for the rest of the same version where it breaks off %s', async (__, after) => {
      const bytes = content(size);
      await put(store, 'read', bytes);
      proxy.fail('GET', cutAnswer(after));
      expect((await get(store, 'read')).equals(bytes)).toBe(true);
      const again = proxy.seen.findLast(({ method }) => method === 'GET');
      expect(again?.headers['if-match']).toMatch(/^"[0-9a-f]{32}"$/);
    });

    it('comes whole through buffers of any size', async () => {
      const bytes = content(size + 11);
      await put(store, 'buffers', bytes);
      for (const pieceSize of [1000, 65_537, MIB]) {
        const reader = await (await store.open(key('buffers'))).read({ start: 5, end: bytes.length });
        const chunks: Buffer[] = [];
        const buffer = Buffer.alloc(pieceSize);
        for (let count; (count = await reader.read(buffer)) > 0;) chunks.push(Buffer.from(buffer.subarray(0, count)));
        await reader.close();
        expect(Buffer.concat(chunks).equals(bytes.subarray(5))).toBe(true);
      }
    });

    it('reaches a client whole where it breaks off on the way, also past the process', async () => {
      const bytes = content(size);
      await put(store, 'relayed', bytes);
      proxy.fail('GET', cutAnswer(1_500_000));
      const reader = await (await store.open(key('relayed'))).read({ start: 0, end: size });
      expect((await pumped(reader, size)).bytes.equals(bytes)).toBe(true);
      await reader.close();
    });

    it('gives no bytes of two versions', async () => {
      await put(store, 'replaced', content(size, 1));
      proxy.fail('GET', cutAnswer(700_000));
      const object = await store.open(key('replaced'));
      await put(store, 'replaced', content(size, 2));
      expect((await errorOf(() => readAll(object))).code).toBe('SlowDown');
    });

    it('is given up in time where it says nothing more', async () => {
      await put(store, 'stalled', content(size));
      proxy.fail('GET', stall, 10);
      expect((await errorOf(() => impatient.open(key('stalled')))).code).toBe('ServiceUnavailable');
    });
  });

  describe('while an object is written', () => {
    it.each([
      ['a piece', 1000],
      ['three pieces', 3 * MIB],
    ])('leaves the old one where the connection is cut: %s', async (_, size) => {
      await put(store, 'written', 'old');
      proxy.fail('PUT', cutRequest(Math.floor(size / 2)), 10);
      expect((await errorOf(() => put(store, 'written', content(size)))).code).toBe('ServiceUnavailable');
      expect((await get(store, 'written')).toString()).toBe('old');
    });

    it('leaves the old one where it says nothing', async () => {
      await put(store, 'silent', 'old');
      proxy.fail('PUT', stall, 10);
      expect((await errorOf(() => put(impatient, 'silent', content(3 * MIB)))).code).toBe('ServiceUnavailable');
      proxy.reset();
      expect((await get(store, 'silent')).toString()).toBe('old');
    });

    it('gets an object of one piece again, and a conditional one never', async () => {
      proxy.fail('PUT', answerWith(500, 'InternalError'));
      await put(store, 'again', 'x');
      expect(proxy.count('PUT')).toBe(2);
      proxy.reset();
      proxy.fail('PUT', answerWith(500, 'InternalError'));
      const conditions = { ifNoneMatch: '*' } as const;
      expect((await errorOf(() => put(store, 'once', 'x', { conditions }))).code).toBe('ServiceUnavailable');
      expect(proxy.count('PUT')).toBe(1);
    });

    it('refuses early, and the client is told why', async () => {
      proxy.fail('PUT', (request, response) => {
        request.resume();
        answerWith(403, 'QuotaExceeded')(request, response, () => Promise.reject(new Error('not forwarded')));
      });
      expect((await errorOf(() => put(store, 'full', content(3 * MIB)))).code).toBe('QuotaExceeded');
    });

    it.each([undefined, { algorithm: 'CRC32' } as const])(
      'has the bytes of buffers that are used again (%j)',
      async (checksum) => {
        const pieces = [1, 2, 3, 4].map((seed) => content(seed === 4 ? 70_001 : MIB, seed));
        const whole = Buffer.concat(pieces);
        const shared = Buffer.alloc(MIB);
        await store.put({
          key: key('shared'),
          attributes: NO_ATTRIBUTES,
          conditions: {},
          body: {
            length: whole.length,
            checksum,
            transfer: async (sink) => {
              for (const piece of pieces) {
                piece.copy(shared);
                await sink.write(shared.subarray(0, piece.length));
                shared.fill(0xff);
              }
              const value = computeChecksum('CRC32', whole).toString('base64');
              return {
                size: whole.length,
                md5: hash('md5', whole),
                ...(checksum && { checksum: { ...checksum, type: 'FULL_OBJECT', value } }),
              };
            },
          },
        });
        expect((await get(store, 'shared')).equals(whole)).toBe(true);
      },
    );

    it('has nothing of a body that breaks off', async () => {
      const body = bodyOfBytes(content(4 * MIB), { breakAt: 2 * MIB });
      const broken = store.put({ key: key('half'), body, attributes: NO_ATTRIBUTES, conditions: {} });
      expect(await codeOf(() => broken)).toContain('the client went away');
      expect(await codeOf(() => store.head(key('half')))).toBe('NoSuchKey');
    });
  });

  describe('with an error', () => {
    it.each(['GET', 'HEAD', 'DELETE'])('500 to %s is met with patience, and then told as 503', async (method) => {
      await put(store, 'patience', 'x');
      const act = (): unknown =>
        method === 'GET'
          ? get(store, 'patience')
          : method === 'HEAD'
            ? store.head(key('patience'))
            : store.delete(key('patience'), {});
      proxy.fail(method, answerWith(500, 'InternalError'), 3);
      expect((await errorOf(act)).code).toBe('ServiceUnavailable');
      proxy.reset();
      proxy.fail(method, answerWith(500, 'InternalError'), 2);
      expect(await codeOf(act)).toBe('none');
    });

    it.each([
      [429, 'TooManyRequests'],
      [503, 'SlowDown'],
    ])('%i is obeyed where it asks for little time, and passed on where for much', async (status, code) => {
      await put(store, 'slow', 'x');
      proxy.fail('HEAD', answerWith(status, code, { 'Retry-After': '1' }));
      await store.head(key('slow'));
      proxy.fail('GET', answerWith(status, code, { 'Retry-After': '77' }));
      const error = await errorOf(() => store.open(key('slow')));
      expect([error.code, error.headers['Retry-After']]).toEqual(['SlowDown', '77']);
    });

    it.each([301, 302, 307, 308])('a redirect (%i) is followed nowhere', async (status) => {
      const location = { Location: 'http://169.254.169.254/latest/meta-data/' };
      proxy.fail('GET', answerWith(status, 'PermanentRedirect', location), 10);
      const error = await errorOf(() => store.open(key('elsewhere')));
      expect(error.code).toBe('ServiceUnavailable');
      expect(String(error.cause)).toContain('not followed');
      expect(proxy.count('GET')).toBe(1);
    });

    it.each([
      [403, 'ExpiredToken'],
      [403, 'SignatureDoesNotMatch'],
      [403, 'InvalidAccessKeyId'],
      [404, 'NoSuchBucket'],
    ])('%i %s is the storage’s fault, not the client’s', async (status, code) => {
      proxy.fail('GET', answerWith(status, code), 10);
      const error = await errorOf(() => store.list({ prefix: '', delimiter: '', startAfter: '', limit: 10 }));
      expect(error.code).toBe('ServiceUnavailable');
    });

    it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('403 AccessDenied to %s is the client’s to know', async (method) => {
      const acts = {
        GET: () => store.open(key('denied')),
        HEAD: () => store.head(key('denied')),
        PUT: () => put(store, 'denied', 'x'),
        DELETE: () => store.delete(key('denied'), {}),
      };
      for (const each of new Set([method, 'GET'])) proxy.fail(each, answerWith(403, 'AccessDenied'), 10);
      const error = await errorOf(acts[method as keyof typeof acts]);
      expect([error.code, error.message]).toEqual([
        'AccessDenied',
        'The storage behind this bucket does not permit this.',
      ]);
      expect(proxy.count(method)).toBe(1);
    });

    it('403 to a head for the storage’s own keys is not', async () => {
      for (const method of ['GET', 'HEAD']) proxy.fail(method, answerWith(403, 'InvalidAccessKeyId'), 10);
      expect((await errorOf(() => store.head(key('denied')))).code).toBe('ServiceUnavailable');
    });

    it('that is no S3’s is told as 503', async () => {
      proxy.fail(
        'GET',
        (request, response) => {
          request.resume();
          response.writeHead(502, { 'Content-Type': 'text/html' });
          response.end('<html><body>Bad gateway</body></html>');
        },
        10,
      );
      expect((await errorOf(() => listAll(store))).code).toBe('ServiceUnavailable');
    });
  });

  describe('with an answer that does not say how long an object is', () => {
    const chunked = changeAnswer((headers) => delete headers['content-length']);
    const closed = changeAnswer((headers, response) => {
      delete headers['content-length'];
      response.useChunkedEncodingByDefault = false;
      response.shouldKeepAlive = false;
    });

    it.each([
      ['in chunks', chunked],
      ['ended by its connection', closed],
    ])('takes it for no empty object: %s', async (_, fault) => {
      await put(store, 'unsized', 'some bytes');
      proxy.fail('GET', fault, 10);
      proxy.fail('HEAD', fault, 10);
      expect((await errorOf(() => store.open(key('unsized')))).code).toBe('ServiceUnavailable');
      expect((await errorOf(() => store.head(key('unsized')))).code).toBe('ServiceUnavailable');
    });

    it('reads no rest of it either', async () => {
      await put(store, 'unsized', 'some bytes');
      const object = await store.open(key('unsized'), { bytes: NO_BYTES });
      proxy.fail(
        'GET',
        changeAnswer((headers) => {
          delete headers['content-length'];
          delete headers['content-range'];
        }),
        10,
      );
      expect((await errorOf(() => readAll(object))).code).toBe('ServiceUnavailable');
    });

    it('knows it by the range, where that is said', async () => {
      await put(store, 'unsized', 'some bytes');
      proxy.fail('GET', chunked, 10);
      const object = await store.open(key('unsized'), { bytes: 'bytes=5-' });
      expect(object.info.size).toBe(10);
      const reader = await object.read({ start: 5, end: 10 });
      const buffer = Buffer.alloc(5);
      expect([await reader.read(buffer), buffer.toString()]).toEqual([5, 'bytes']);
      await reader.close();
    });

    it.each(['bytes 5-9/*', undefined])('takes no part of it for the whole: Content-Range %s', async (said) => {
      await put(store, 'unsized', 'some bytes');
      proxy.fail(
        'GET',
        changeAnswer((headers) => {
          delete headers['content-range'];
          if (said !== undefined) headers['content-range'] = said;
        }),
        10,
      );
      const opening = (): unknown => store.open(key('unsized'), { bytes: 'bytes=5-9' });
      expect((await errorOf(opening)).code).toBe('ServiceUnavailable');
    });

    it('keeps an empty object', async () => {
      await put(store, 'empty', '');
      expect((await store.head(key('empty'))).size).toBe(0);
      expect((await get(store, 'empty')).length).toBe(0);
    });
  });

  describe.each([
    ['an error', '<?xml version="1.0"?><Error><Code>InternalError</Code><Message/><Key>k</Key></Error>\n'],
    ['a page', '<html><body><p>Please sign in</p></body></html>'],
    ['nothing', ''],
  ])('with 200 and %s', (_, body) => {
    const said: Fault = (request, response) => {
      request.resume();
      request.once('end', () => response.end(body));
    };
    const parts = [{ number: 1, etag: hash('md5', 'part') }];

    async function begin(name: string): Promise<string> {
      const upload = await store.multipart?.create({ key: key(name), attributes: NO_ATTRIBUTES, initiator: '' });
      return upload?.uploadId ?? '';
    }

    it.each([
      ['a piece', 1000],
      ['three pieces', 3 * MIB],
    ])('has stored nothing: %s', async (__, size) => {
      await put(store, 'unsaid', 'old');
      proxy.fail('PUT', said);
      expect((await errorOf(() => put(store, 'unsaid', content(size)))).code).toBe('ServiceUnavailable');
    });

    it.each(['PUT', 'POST'])('has stored nothing of a body of unknown length (%s)', async (method) => {
      await put(store, 'unsaid', 'old');
      proxy.fail(method, said);
      const { length: __, ...body } = bodyOfBytes(content(9 * MIB));
      const putting = (): unknown =>
        store.put({
          key: key('unsaid'),
          attributes: NO_ATTRIBUTES,
          conditions: {},
          body: { ...body, length: undefined },
        });
      expect((await errorOf(putting)).code).toBe('ServiceUnavailable');
      expect((await get(store, 'unsaid')).toString()).toBe('old');
    });

    it('has copied nothing', async () => {
      await put(store, 'source', 'bytes');
      const { info: source, origin } = await store.open(key('source'), { bytes: NO_BYTES });
      if (origin === undefined) throw new Error('no origin');
      proxy.fail('PUT', said, 10);
      const copying = (): unknown =>
        store.copy?.({ origin, source, key: key('copy'), attributes: NO_ATTRIBUTES, tagging: 'COPY', conditions: {} });
      expect((await errorOf(copying)).code).toBe('ServiceUnavailable');
      const uploadId = await begin('copied-part');
      const copyingPart = (): unknown =>
        store.multipart?.copyPart?.({ origin, source, key: key('copied-part'), uploadId, number: 1, range: undefined });
      expect((await errorOf(copyingPart)).code).toBe('ServiceUnavailable');
    });

    it('has taken no part', async () => {
      const uploadId = await begin('part');
      proxy.fail('PUT', said, 10);
      const putting = (): unknown => store.multipart?.putPart(key('part'), uploadId, 1, bodyOfBytes('part'));
      expect((await errorOf(putting)).code).toBe('ServiceUnavailable');
    });

    it('has completed nothing', async () => {
      await put(store, 'completed', 'old');
      const uploadId = await begin('completed');
      await store.multipart?.putPart(key('completed'), uploadId, 1, bodyOfBytes('part'));
      proxy.fail('POST', said, 10);
      const request = { key: key('completed'), uploadId, parts, conditions: {} };
      const completing = (): unknown => store.multipart?.complete(request);
      expect((await errorOf(completing)).code).toBe('ServiceUnavailable');
      expect((await get(store, 'completed')).toString()).toBe('old');
      proxy.reset();
      expect(await codeOf(completing)).toBe('none');
      expect((await get(store, 'completed')).toString()).toBe('part');
    });
  });

  describe('with a copy or a completion that takes it long', () => {
    type Work = (multipart: NonNullable<ObjectStore['multipart']>) => Promise<() => unknown>;

    async function sourceOf(): Promise<Pick<CopyObjectRequest, 'origin' | 'source'>> {
      await put(store, 'long-source', 'bytes');
      const { info: source, origin } = await store.open(key('long-source'), { bytes: NO_BYTES });
      if (origin === undefined) throw new Error('no origin');
      return { source, origin };
    }

    async function begin(name: string): Promise<string> {
      return (await store.multipart.create({ key: key(name), attributes: NO_ATTRIBUTES, initiator: '' })).uploadId;
    }

    const WORKS: [string, string, Work][] = [
      [
        'a copy',
        'PUT',
        async () => {
          const from = await sourceOf();
          const rest = { attributes: NO_ATTRIBUTES, tagging: 'COPY', conditions: {} } as const;
          return () => impatient.copy?.({ ...from, ...rest, key: key('long-copy') });
        },
      ],
      [
        'a copied part',
        'PUT',
        async (multipart) => {
          const from = await sourceOf();
          const uploadId = await begin('long-part');
          return () => multipart.copyPart?.({ ...from, key: key('long-part'), uploadId, number: 1, range: undefined });
        },
      ],
      [
        'a completion',
        'POST',
        async (multipart) => {
          const uploadId = await begin('long-upload');
          const { etag } = await store.multipart.putPart(key('long-upload'), uploadId, 1, bodyOfBytes('part'));
          const parts = [{ number: 1, etag }];
          return () => multipart.complete({ key: key('long-upload'), uploadId, parts, conditions: {} });
        },
      ],
    ];

    it.each(WORKS)('waits for %s beyond the idle timeout', async (_, method, prepare) => {
      const act = await prepare(impatient.multipart);
      // Three of them.
      proxy.fail(method, (_request, response, forward) => {
        const late = (): void => changeAnswer(() => undefined)(_request, response, forward);
        setTimeout(late, 1_500);
      });
      const before = proxy.count(method);
      expect(await codeOf(act)).toBe('none');
      expect(proxy.count(method)).toBe(before + 1);
    });

    it.each(WORKS)('never begins %s again while it may be under way', async (_, method, prepare) => {
      const act = await prepare(store.multipart);
      const hangUp: Fault = (_request, response) => void response.destroy();
      for (const fault of [hangUp, answerWith(502, 'BadGateway'), answerWith(504, 'GatewayTimeout')]) {
        proxy.reset();
        proxy.fail(method, fault);
        expect((await errorOf(act)).code).toBe('ServiceUnavailable');
        expect(proxy.count(method)).toBe(1);
      }
    });

    it.each(WORKS)('begins %s again where it says that it has failed', async (_, method, prepare) => {
      const act = await prepare(store.multipart);
      const before = proxy.count(method);
      proxy.fail(method, answerWith(500, 'InternalError'));
      expect(await codeOf(act)).toBe('none');
      expect(proxy.count(method)).toBe(before + 2);
    });
  });

  it('is not believed to have completed an upload that is still there, whatever the object’s bytes are', async () => {
    const name = key('equal');
    const complete = async (metadata: Record<string, string>): Promise<() => unknown> => {
      const attributes = { ...NO_ATTRIBUTES, metadata };
      const { uploadId } = await store.multipart.create({ key: name, attributes, initiator: '' });
      const { etag } = await store.multipart.putPart(name, uploadId, 1, bodyOfBytes('equal'));
      return () => store.multipart.complete({ key: name, uploadId, parts: [{ number: 1, etag }], conditions: {} });
    };
    await (
      await complete({ version: 'old' })
    )();
    const again = await complete({ version: 'new' });
    proxy.fail('POST', answerWith(500, 'InternalError'), 10);
    expect((await errorOf(again)).code).toBe('ServiceUnavailable');
    proxy.reset();
    proxy.fail('POST', answerWith(500, 'InternalError'));
    expect(await codeOf(again)).toBe('none');
    expect((await store.head(name)).attributes.metadata).toEqual({ version: 'new' });
  });

  it('is asked for an upload that has ended otherwise: there is none, also where it fails at that', async () => {
    const name = key('ended');
    const { uploadId } = await store.multipart.create({ key: name, attributes: NO_ATTRIBUTES, initiator: '' });
    const { etag } = await store.multipart.putPart(name, uploadId, 1, bodyOfBytes('part'));
    await store.multipart.abort(name, uploadId);
    proxy.fail('POST', answerWith(500, 'InternalError'), 10);
    const complete = (): unknown =>
      store.multipart.complete({ key: name, uploadId, parts: [{ number: 1, etag }], conditions: {} });
    expect(await codeOf(complete)).toBe('NoSuchUpload');
  });

  it('takes a completion without an entity tag that names the object', async () => {
    const completed =
      '<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag/></CompleteMultipartUploadResult>';
    const uploaded = await store.multipart?.create({ key: key('tagless'), attributes: NO_ATTRIBUTES, initiator: '' });
    const uploadId = uploaded?.uploadId ?? '';
    await store.multipart?.putPart(key('tagless'), uploadId, 1, bodyOfBytes('part'));
    proxy.fail(
      'POST',
      changeAnswer(() => undefined, completed),
    );
    const parts = [{ number: 1, etag: hash('md5', 'part') }];
    const info = await store.multipart?.complete({ key: key('tagless'), uploadId, parts, conditions: {} });
    expect(info?.etag).toMatch(/-1$/);
  });

  it.each([
    ['bytes=0-1,4-5', undefined],
    ['bytes=0-1, -2', undefined],
    ['lines=1-2', undefined],
    ['bytes=2-4', 'bytes=2-4'],
    ['bytes=-4', 'bytes=-4'],
  ])('is asked for one range at most: %s', async (bytes, asked) => {
    await put(store, 'ranges', 'some bytes');
    const object = await store.open(key('ranges'), { bytes });
    await object.close();
    expect(object.info.size).toBe(10);
    expect(proxy.seen.find(({ method }) => method === 'GET')?.headers.range).toBe(asked);
  });

  describe('that knows no ranges', () => {
    const giveWhole =
      (bytes: Buffer): Fault =>
      (request, response, forward) => {
        if (request.url?.includes('tagging')) return changeAnswer(() => undefined)(request, response, forward);
        request.resume();
        response.writeHead(200, { ETag: `"${hash('md5', bytes)}"`, 'Content-Length': bytes.length });
        response.end(bytes);
      };

    it.each([200_000, 6 * MIB])('gives those of %i bytes all the same', async (size) => {
      const bytes = content(size, 5);
      await put(store, 'whole', bytes);
      proxy.fail('GET', giveWhole(bytes), Infinity);
      const start = size - 70_000;
      const object = await store.open(key('whole'), { bytes: `bytes=${start}-${size - 2}` });
      expect((await readAll(object, start, size - 1)).equals(bytes.subarray(start, size - 1))).toBe(true);
      expect(proxy.seen.filter(({ url }) => url.endsWith('GetObject'))).toHaveLength(1);
      const pinned = await store.open(key('whole'), { bytes: NO_BYTES });
      expect((await readAll(pinned, start, size)).equals(bytes.subarray(start))).toBe(true);
    });

    it('is asked again where it breaks off', async () => {
      const bytes = content(2 * MIB, 6);
      await put(store, 'whole', bytes);
      proxy.fail('GET', cutAnswer(700_000));
      proxy.fail('GET', giveWhole(bytes), Infinity);
      expect((await get(store, 'whole')).equals(bytes)).toBe(true);
    });
  });

  it('is read to its end with entity tags that are weak', async () => {
    const bytes = content(2 * MIB, 7);
    await put(store, 'weak', bytes);
    const weaken =
      (cut?: number): Fault =>
      (request, response, forward) => {
        if (request.headers['if-match'] !== undefined)
          return answerWith(412, 'PreconditionFailed')(request, response, forward);
        if (cut !== undefined) return cutAnswer(cut)(request, response, forward);
        changeAnswer((headers) => (headers.etag = `W/${headers.etag}`))(request, response, forward);
      };
    proxy.fail('GET', weaken(700_000));
    proxy.fail('GET', weaken(), Infinity);
    expect((await get(store, 'weak')).equals(bytes)).toBe(true);
  });

  it('is not told twice that a body is framed', async () => {
    const sent = async (encoding: string): Promise<unknown> => {
      proxy.reset();
      const attributes = { ...NO_ATTRIBUTES, headers: { 'content-encoding': encoding } };
      await put(store, 'framed', content(3 * MIB), { attributes });
      const { headers } = proxy.seen.find(({ method }) => method === 'PUT') ?? {};
      expect(headers?.['x-amz-trailer']).toBeDefined();
      return headers?.['content-encoding'];
    };
    expect(await sent('aws-chunked')).toBe('aws-chunked');
    expect(await sent('aws-chunked, gzip')).toBe('aws-chunked,gzip');
    proxy.fail(
      'HEAD',
      changeAnswer((headers) => (headers['content-encoding'] = 'aws-chunked,gzip')),
    );
    expect((await store.head(key('framed'))).attributes.headers['content-encoding']).toBe('gzip');
  });

  describe('at all', () => {
    it.each([200, 500])('does not keep anybody waiting with an answer that never ends: %i', async (status) => {
      const own = open({ idleTimeoutMs: 200, retries: 0 }).createStore(parseStoragePath('faults'));
      proxy.fail('GET', drip(status));
      expect((await errorOf(() => listAll(own))).code).toBe('ServiceUnavailable');
    });

    it('does not fill the memory with an error', async () => {
      const own = open({ retries: 0 }).createStore(parseStoragePath('faults'));
      proxy.fail('GET', answerWith(500, 'x'.repeat(MIB)));
      const { cause } = await errorOf(() => listAll(own));
      expect(cause).toMatchObject({ code: 'unavailable', message: /too long/ });
    });

    it('is unavailable where nobody listens, and says so', async () => {
      const away = open({ endpoint: 'http://127.0.0.1:9', retries: 0 });
      await expect(away.probe()).rejects.toMatchObject({ code: 'unavailable', message: /ECONNREFUSED/ });
      const error = await errorOf(() => away.createStore(parseStoragePath('x')).head(key('x')));
      expect([error.code, error.headers['Retry-After']]).toEqual(['ServiceUnavailable', '5']);
    });

    it('names the keys that it is refused with, but not their secret', async () => {
      const wrong = open({ secretAccessKey: 'a-wrong-secret' });
      const failure: unknown = await wrong.probe().catch((error: unknown) => error);
      expect(failure).toMatchObject({ code: 'unavailable', message: /SignatureDoesNotMatch/ });
      expect(String((failure as Error).stack)).not.toContain('a-wrong-secret');
    });

    it('is back without a restart', async () => {
      const own = createS3Storage(upstreamOptions({ endpoint: proxy.endpoint, ...MAIN }, { retries: 0 }));
      storages.push(own);
      proxy.fail('GET', answerWith(503, 'ServiceUnavailable'));
      await expect(own.probe()).rejects.toMatchObject({ code: 'unavailable' });
      await own.probe();
      expect(own.abilities()).toMatchObject({ conditionalWrites: 'exact', metadata: 'upstream' });
    });
  });
});
