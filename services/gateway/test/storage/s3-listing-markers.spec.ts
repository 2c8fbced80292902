import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../src/objects/object-store.js';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import { UploadListing } from '../../src/storage/s3/upload-listing.js';
import { UpstreamClient } from '../../src/storage/s3/upstream-client.js';
import { UpstreamKeys } from '../../src/storage/s3/upstream-keys.js';
import { parseStoragePath } from '../../src/storage/storage-path.js';
import { listAll } from '../support/object-bodies.js';
import { upstreamOptions } from '../support/s3-upstream.js';

const PAGE = 3;

/** How a server goes on with its listing. */
interface Manners {
  /** Where it begins. */
  readonly begins: (query: URLSearchParams) => string;
  /** What it says of the next page, given its last name. */
  readonly next: (last: string) => string;
}

const TOKENLESS: Manners = { begins: (query) => query.get('start-after') ?? '', next: () => '' };

describe('an upstream S3 whose listing is truncated', () => {
  let server: http.Server;
  let storage: S3Storage;
  let store: ObjectStore;
  let names: string[];
  let manners: Manners;
  let requests: number;
  let most: number;
  let endpoint: string;
  /** Of a server that gives no markers. */
  let uploadKeys: string[] | undefined;
  let encoding: string;
  /** Said to everything. */
  let page: string | undefined;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://upstream').searchParams;
      if (++requests > most) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(page ?? (query.has('uploads') ? uploadsPage(query) : listPage(query)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    storage = createS3Storage(upstreamOptions({ endpoint, accessKeyId: 'KEY', secretAccessKey: 'secret' }));
    store = storage.createStore(parseStoragePath('base'));
  });
  beforeEach(() => {
    requests = 0;
    most = 50;
    uploadKeys = undefined;
    encoding = '';
    page = undefined;
  });
  afterAll(() => {
    storage.close();
    server.closeAllConnections();
    server.close();
  });

  /** Keys are objects, and names that end in a slash common prefixes. */
  function listPage(query: URLSearchParams): string {
    const after = manners.begins(query);
    const left = names.filter((name) => name > after);
    const rowsHere = left.slice(0, Math.min(PAGE, Number(query.get('max-keys'))));
    const rows = rowsHere.map((name) =>
      name.endsWith('/') && query.has('delimiter')
        ? `<CommonPrefixes><Prefix>${name}</Prefix></CommonPrefixes>`
        : `<Contents><Key>${name}</Key><ETag>"e"</ETag><Size>7</Size></Contents>`,
    );
    const truncated = left.length > rowsHere.length;
    const next = truncated ? manners.next(rowsHere.at(-1) ?? '') : '';
    return `<ListBucketResult><IsTruncated>${truncated}</IsTruncated>${encoding}${next}${rows.join('')}</ListBucketResult>`;
  }

  function uploadsPage(query: URLSearchParams): string {
    if (uploadKeys !== undefined) {
      const left = uploadKeys.filter((name) => name > (query.get('key-marker') ?? ''));
      const rows = left
        .slice(0, PAGE)
        .map((name) => `<Upload><Key>${name}</Key><UploadId>id-${name}</UploadId></Upload>`);
      const truncated = left.length > PAGE || rows.length === 0;
      return `<ListMultipartUploadsResult><IsTruncated>${truncated}</IsTruncated>${rows.join('')}</ListMultipartUploadsResult>`;
    }
    return '<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>base/k</NextKeyMarker></ListMultipartUploadsResult>';
  }

  it('is listed to its end without a token', async () => {
    manners = TOKENLESS;
    names = ['base/', 'base/a', 'base/b', 'base/c', 'base/d', 'base/e', 'base/f', 'base/g'];
    expect(await listAll(store)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    // A page of nothing but the folder itself.
    expect(await listAll(store, { limit: 1 })).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
  });

  it('is listed to its end without a token, where it ends a page with a common prefix', async () => {
    manners = TOKENLESS;
    names = ['base/a', 'base/b/', 'base/c/', 'base/d', 'base/e/', 'base/f'];
    expect(await listAll(store, { delimiter: '/' })).toEqual(['a', 'b/', 'c/', 'd', 'e/', 'f']);
  });

  it.each([
    ['begins again without a token', { begins: () => '', next: () => '' }],
    [
      'gives the same token again',
      { begins: () => '', next: () => '<NextContinuationToken>t</NextContinuationToken>' },
    ],
  ])('is no listing where it %s', async (_, given) => {
    manners = given;
    names = ['base/a', 'base/b', 'base/c', 'base/d'];
    await expect(listAll(store)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(requests).toBeLessThan(5);
  });

  it('is no listing where it goes on for ever with nothing', async () => {
    let token = 0;
    manners = { begins: () => '', next: () => `<NextContinuationToken>${++token}</NextContinuationToken>` };
    // Hidden, each of them.
    names = ['.bucketway/a', '.bucketway/b', '.bucketway/c', '.bucketway/d'].map((name) => `base/${name}`);
    most = 1_100;
    await expect(listAll(store)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
    expect(requests).toBe(1_000);
  });

  it.each([
    ['100%', '100%'],
    ['a%FFb', 'a%FFb'],
    ['%E2%82', '%E2%82'],
    ['%zz+%E2%82%AC', '%zz €'],
  ])('is whole where a name is encoded badly: %s', async (name, read) => {
    manners = TOKENLESS;
    encoding = '<EncodingType>url</EncodingType>';
    names = ['base/(', `base/${name}`, 'base/z'];
    expect(await listAll(store)).toEqual(['(', read, 'z'].toSorted());
  });

  it.each([
    ['between pages', ['base/a', 'base/b', 'base/\u{1F600}', 'base/\uFF5E', 'base/\uFF5Eb']],
    ['within one', ['base/a', 'base/\u{1F600}', 'base/\uFF5E', 'base/\uFF5Eb', 'base/\uFF5Ec']],
  ])('loses no key in silence where its order is that of UTF-16: %s', async (_, sorted) => {
    manners = TOKENLESS;
    names = sorted;
    await expect(listAll(store, { limit: 3 })).rejects.toMatchObject({ code: 'NotImplemented' });
    names = sorted.slice(0, 3);
    expect(await listAll(store)).toHaveLength(3);
  });

  it.each(['<html></html>', '', '<ListBucketResult/>'])('is no empty bucket where it says %j', async (said) => {
    page = said;
    await expect(listAll(store)).rejects.toMatchObject({ code: 'ServiceUnavailable' });
  });

  it('is listed to its end where its uploads come without markers', async () => {
    uploadKeys = ['base/a', 'base/b', 'base/c', 'base/d', 'base/e'];
    const client = new UpstreamClient(upstreamOptions({ endpoint, accessKeyId: 'KEY', secretAccessKey: 'secret' }));
    const listing = new UploadListing(client, new UpstreamKeys('', parseStoragePath('base')));
    const query = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 };
    const found = await listing.page(query);
    expect(found.entries.map((entry) => (entry.kind === 'upload' ? entry.upload.key : entry.prefix))).toEqual([
      'a',
      'b',
      'c',
      'd',
      'e',
    ]);
    uploadKeys = [];
    await expect(listing.page(query)).rejects.toMatchObject({ code: 'unavailable' });
    client.close();
  });

  it.each(['<html></html>', '', '<ListMultipartUploadsResult/>'])(
    'has uploads still where it says %j',
    async (said) => {
      page = said;
      const client = new UpstreamClient(upstreamOptions({ endpoint, accessKeyId: 'KEY', secretAccessKey: 'secret' }));
      const uploads = new UploadListing(client, new UpstreamKeys('', parseStoragePath('base')));
      const query = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 };
      await expect(uploads.page(query)).rejects.toMatchObject({ code: 'unavailable' });
      client.close();
    },
  );

  it('is no listing of uploads where it gives the same marker again', async () => {
    const options = upstreamOptions({ endpoint, accessKeyId: 'KEY', secretAccessKey: 'secret' });
    const client = new UpstreamClient(options);
    const uploads = new UploadListing(client, new UpstreamKeys('', parseStoragePath('base')));
    const query = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 10 };
    await expect(uploads.page(query)).rejects.toMatchObject({ code: 'unavailable' });
    expect(requests).toBeLessThan(5);
    client.close();
  });
});
