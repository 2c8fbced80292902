import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createS3Storage, type S3Storage } from '../../src/storage/s3/s3-storage.js';
import { ROOT } from '../../src/storage/storage-path.js';
import { liveBytes } from '../support/live-bytes.js';
import { upstreamOptions } from '../support/s3-upstream.js';

/** A million takes a minute; what is held to here is that a page costs one request, and that nothing of it stays. */
const KEYS = Number(process.env.LISTED_ENTRIES ?? 50_000);
const PAGE = 1_000;
/** What may be left of a listing of any length. */
const LEFT_BYTES = 4 * 1024 * 1024;

describe(`a bucket of ${KEYS} objects in another S3`, () => {
  let server: http.Server;
  let storage: S3Storage;
  let requests = 0;

  beforeAll(async () => {
    server = http.createServer((request, response) => {
      const query = new URL(request.url ?? '', 'http://upstream').searchParams;
      if (!query.has('list-type')) return void response.writeHead(404).end();
      requests++;
      response.writeHead(200, { 'content-type': 'application/xml' }).end(listPage(query));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    storage = createS3Storage(upstreamOptions({ endpoint, accessKeyId: 'KEY', secretAccessKey: 'secret' }));
  });
  afterAll(() => {
    storage.close();
    server.closeAllConnections();
    server.close();
  });

  it('is listed to its end, a request a page, and kept nowhere', async () => {
    const store = storage.createStore(ROOT);
    await store.list({ prefix: '', delimiter: '', startAfter: '', limit: PAGE });
    requests = 0;
    const before = liveBytes();
    let startAfter = '';
    let seen = 0;
    for (let more = true; more;) {
      const { entries, truncated } = await store.list({ prefix: '', delimiter: '', startAfter, limit: PAGE });
      const keys = entries.map((entry) => (entry.kind === 'object' ? entry.object.key : entry.prefix));
      expect([keys[0], keys.at(-1)]).toEqual([keyOf(seen), keyOf(seen + keys.length - 1)]);
      seen += keys.length;
      startAfter = keys.at(-1) as string;
      more = truncated;
    }
    expect(seen).toBe(KEYS);
    expect(requests).toBe(KEYS / PAGE);
    expect(liveBytes().total - before.total).toBeLessThan(LEFT_BYTES);
  });
});

/** What S3 answers to ListObjectsV2. */
function listPage(query: URLSearchParams): string {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? '';
  const first = after === '' ? 0 : Number(after.slice('object-'.length)) + 1;
  const end = Math.min(KEYS, first + Number(query.get('max-keys') ?? PAGE));
  const isTruncated = end < KEYS;
  let rows = '';
  for (let index = first; index < end; index++) {
    rows += `<Contents><Key>${keyOf(index)}</Key><LastModified>2026-11-22T19:00:00.000Z</LastModified><ETag>"e${index}"</ETag><Size>7</Size></Contents>`;
  }
  const next = isTruncated ? `<NextContinuationToken>${keyOf(end - 1)}</NextContinuationToken>` : '';
  return `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${isTruncated}</IsTruncated><EncodingType>url</EncodingType>${next}${rows}</ListBucketResult>`;
}

function keyOf(index: number): string {
  return `object-${String(index).padStart(8, '0')}`;
}
