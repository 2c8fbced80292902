import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget } from '../support/abuse-target.js';
import { RawConnection } from '../support/raw-connection.js';
import { formatHead, signHead, signedRequest } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => void (target = await AbuseTarget.start()));
afterAll(() => target[Symbol.asyncDispose]());
afterEach(() => target.unharmed());

/** A signed PUT of `victim/new`, to be spoilt. */
async function put(headers: Record<string, string> = {}): Promise<string> {
  const { head } = await signHead(
    { method: 'PUT', target: '/victim/new', payload: 'UNSIGNED-PAYLOAD', unsigned: headers },
    MAIN,
  );
  return head;
}

/** The same with one more header line, as it is. */
async function putWith(line: string, headers: Record<string, string> = {}): Promise<string> {
  return (await put(headers)).replace('\r\n\r\n', `\r\n${line}\r\n\r\n`);
}

describe('request smuggling', () => {
  const smuggled = formatHead('DELETE', '/victim/old', { host: 's3.test' });

  it.each<[string, () => Promise<string>]>([
    [
      'Content-Length beside Transfer-Encoding',
      async () => `${await putWith('Transfer-Encoding: chunked', { 'content-length': '5' })}0\r\n\r\n${smuggled}`,
    ],
    ['two lengths', async () => `${await putWith('Content-Length: 5', { 'content-length': '0' })}hello${smuggled}`],
    ['a list of lengths', async () => `${await put({ 'content-length': '5, 5' })}hello`],
    ['a signed length', async () => `${await put({ 'content-length': '+5' })}hello`],
    ['a negative length', async () => `${await put({ 'content-length': '-5' })}hello`],
    ['a length in hex', async () => `${await put({ 'content-length': '0x5' })}hello`],
    ['a length with spaces', async () => `${await put({ 'content-length': '5 0' })}hello`],
    ['a length of 2^64', async () => `${await put({ 'content-length': '18446744073709551616' })}hello`],
    [
      'an unknown coding behind chunked',
      async () => `${await put({ 'transfer-encoding': 'chunked, identity' })}0\r\n\r\n${smuggled}`,
    ],
    ['an unknown coding', async () => `${await put({ 'transfer-encoding': 'xchunked' })}0\r\n\r\n${smuggled}`],
    [
      'Transfer-Encoding with a vertical tab',
      async () => `${await put({ 'transfer-encoding': '\vchunked' })}0\r\n\r\n${smuggled}`,
    ],
    ['a space before the colon', async () => `${await putWith('Content-Length : 5')}hello`],
    ['a header line that is folded', async () => await putWith('X-Amz-Meta-A: 1\r\n 2')],
    ['a header that ends in a lone LF', async () => await putWith('X-A: 1\nContent-Length: 0')],
    ['a header with a lone CR', async () => await putWith('X-A: 1\rContent-Length: 0')],
    ['a header with NUL', async () => await putWith('X-A: 1\0')],
    ['a header without a name', async () => await putWith(': 1')],
    ['a header line without a colon', async () => await putWith('nonsense')],
    ['a header section of lone LFs', async () => (await put({ 'content-length': '0' })).replaceAll('\r\n', '\n')],
    ['a chunk size that is no number', async () => `${await put(chunked(5))}5x\r\nhello\r\n0\r\n\r\n`],
    ['a negative chunk size', async () => `${await put(chunked(5))}-5\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size of 2^64', async () => `${await put(chunked(5))}10000000000000005\r\nhello\r\n0\r\n\r\n`],
    ['a chunk that is longer than its size', async () => `${await put(chunked(5))}4\r\nhello\r\n0\r\n\r\n`],
    ['chunk sizes that end in a lone LF', async () => `${await put(chunked(5))}5\nhello\r\n0\n\r\n`],
  ])('%s is not read one way here and another way by a proxy', async (_name, make) => {
    await using connection = await target.connect();
    const { status, code } = await connection.write(await make()).response();
    expect([status, code]).toEqual([400, 'BadRequest']);
    await connection.closed();
    expect(connection.leftover.toString()).toBe('');
  });

  it('a coding that nobody takes off does not become the object', async () => {
    await using connection = await target.connect();
    const head = await put({ 'transfer-encoding': 'gzip, chunked', 'x-amz-decoded-content-length': '5' });
    const { status, code } = await connection.write(`${head}5\r\nhello\r\n0\r\n\r\n`).response();
    expect([status, code]).toEqual([501, 'NotImplemented']);
  });

  it('chunk extensions do not take memory, nor reach the object', async () => {
    await using connection = await target.connect();
    const head = await put({ 'transfer-encoding': 'chunked', 'x-amz-decoded-content-length': '5' });
    connection.write(`${head}5;${'x'.repeat(64 * 1024)}\r\nhello\r\n0\r\n\r\n`);
    expect((await connection.response()).status).toBe(400);
    await connection.closed();
  });

  it('a request that follows a refused one is not taken for its body, nor its body for a request', async () => {
    await using connection = await target.connect();
    const refused = await signedRequest(
      { method: 'PUT', target: '/victim/new', body: smuggled },
      { ...MAIN, secretAccessKey: 'x' },
    );
    const good = await signedRequest({ target: '/victim/old' }, MAIN);
    connection.write(Buffer.concat([refused, good, refused, good]));
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await connection.response()).status);
    expect(answers).toEqual([403, 200, 403, 200]);
  });

  it('a body that a GET must not have is not taken for the next request', async () => {
    await using connection = await target.connect();
    const { head } = await signHead({ target: '/victim/old', length: smuggled.length }, MAIN);
    connection.write(head + smuggled).write(await signedRequest({ target: '/victim/old' }, MAIN));
    const answers = [await connection.response(), await connection.response()];
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [400, 'UnexpectedContent'],
      [200, ''],
    ]);
  });

  it('what is no HTTP does not answer into the middle of a download', async () => {
    await using connection = await target.connect();
    await writeFile(join(target.gateway.root, 'public/large'), Buffer.alloc(16 * 1024 * 1024, 0x61));
    const begun = once(connection.socket, 'data').then(() => connection.socket.pause());
    connection.write(formatHead('GET', '/public/large', { host: 's3.test' }));
    await begun;
    connection.write('\0\0\0 no HTTP\r\n\r\n');
    connection.socket.resume();
    await connection.closed();
    await rm(join(target.gateway.root, 'public/large'));
    const download = connection.leftover;
    expect(download.length - download.indexOf('\r\n\r\n') - 4).toBe(16 * 1024 * 1024);
    expect(download.subarray(-100).toString('latin1')).toMatch(/^a+$/);
  });

  it('what follows a body that was too long to read is not taken for a request', async () => {
    await using connection = await target.connect();
    const bytes = await signedRequest(
      { method: 'PUT', target: '/victim/new', body: 'x', length: 50_000_000 },
      { ...MAIN, secretAccessKey: 'x' },
    );
    const answer = await connection.write(bytes).response();
    expect([answer.status, answer.header('connection')]).toEqual([403, 'close']);
    connection.write(await signedRequest({ target: '/victim/old' }, MAIN));
    connection.socket.end();
    await connection.closed();
    expect(connection.leftover.length).toBe(0);
  });
});

function chunked(length: number): Record<string, string> {
  return { 'transfer-encoding': 'chunked', 'x-amz-decoded-content-length': String(length) };
}

describe('headers that stand twice', () => {
  it.each([
    'Host: evil.test',
    'x-amz-date: 20200101T000000Z',
    'Authorization: Bearer x',
    'x-amz-content-sha256: x',
    'Content-MD5: x',
  ])('not one is checked and the other one obeyed: %s', async (line) => {
    const name = line.slice(0, line.indexOf(':')).toLowerCase();
    const head = await putWith(line, { 'content-length': '0', ...(name === 'content-md5' && { 'content-md5': 'y' }) });
    const { status } = await target.send(head);
    expect(status).toBe(400);
  });

  it('a header flood does not hide the header behind it', async () => {
    const flood = 'a:\r\n'.repeat(1500);
    const head = (await put({ 'content-length': '0' })).replace(
      '\r\n\r\n',
      `\r\n${flood}x-amz-copy-source: theirs/secret\r\n\r\n`,
    );
    const { status, code } = await target.send(head);
    expect([status, code]).toEqual([400, 'RequestHeaderSectionTooLarge']);
  });

  it('a header line of 10 MB is not kept in memory', async () => {
    await using connection = await target.connect();
    connection
      .write('GET /victim/old HTTP/1.1\r\nhost: s3.test\r\nx-long: ')
      .write(Buffer.alloc(10 * 1024 * 1024, 0x61));
    const { status, code } = await connection.response();
    expect([status, code]).toEqual([400, 'RequestHeaderSectionTooLarge']);
    await connection.closed();
  });

  it('a request target of 1 MB is not kept in memory', async () => {
    await using connection = await target.connect();
    connection.write(`GET /victim/${'k'.repeat(1024 * 1024)}`);
    expect((await connection.response()).code).toBe('RequestHeaderSectionTooLarge');
    await connection.closed();
  });
});

describe('requests that are not for a path here', () => {
  it.each([
    ['GET', 'http://evil.test/victim/old'],
    ['GET', 'http://s3.test/victim/old'],
    ['GET', '*'],
    ['OPTIONS', '*'],
    ['GET', 'victim/old'],
    ['GET', '\\victim\\old'],
    ['GET', '?list-type=2'],
  ])('%s %s is not served', async (method, path) => {
    const { status, code } = await target.send(formatHead(method, path, { host: 's3.test' }));
    expect([status, code]).toEqual([400, expect.stringMatching(/^(InvalidURI|BadRequest)$/)]);
  });

  it.each(['PATCH', 'TRACE', 'PROPFIND', 'SEARCH', 'MKCOL', 'LOCK', 'PURGE', 'LINK', 'QUERY', 'M-SEARCH', 'SOURCE'])(
    'the method %s does nothing and is answered as S3 does',
    async (method) => {
      const { status, code } = await target.signed({
        method,
        target: '/victim/old',
        unsigned: { 'content-type': 'nonsense' },
      });
      expect([status, code]).toEqual([405, 'MethodNotAllowed']);
    },
  );

  it.each(['FOO', 'get', 'GETT', 'PRI'])('the method %s, which HTTP does not know, does nothing', async (method) => {
    const { status, code } = await target.signed({ method, target: '/victim/old' });
    expect([status, code]).toEqual([400, 'BadRequest']);
  });

  it('CONNECT does not make a proxy of the gateway', async () => {
    await using connection = await target.connect();
    connection.write(formatHead('CONNECT', '169.254.169.254:80', { host: '169.254.169.254:80' }));
    await connection.closed();
    expect(connection.leftover.toString()).not.toContain(' 200 ');
  });

  it('Upgrade does not switch to another protocol', async () => {
    const { status } = await target.signed({
      target: '/victim/old',
      unsigned: { connection: 'upgrade, http2-settings', upgrade: 'h2c', 'http2-settings': 'AAMAAABkAAQAAP__' },
    });
    expect(status).toBe(200);
  });

  it('an expectation that nobody knows does not lead past the signature', async () => {
    const request = { target: '/victim/old', unsigned: { expect: '200-ok' } };
    expect((await target.signed(request)).status).toBe(200);
    expect((await target.anonymous(request)).status).toBe(403);
  });
});

describe('slow and silent clients', () => {
  it('a thousand connections that send nothing, or half a request, do not keep others from being served', async () => {
    const idle = await Promise.all(Array.from({ length: 1000 }, () => RawConnection.open(target.port)));
    try {
      for (const [i, connection] of idle.entries())
        if (i % 2 === 0) connection.write('GET /victim/old HTTP/1.1\r\nhost: ');
      await target.alive();
    } finally {
      await Promise.all(idle.map((connection) => connection[Symbol.asyncDispose]()));
    }
  });

  it.runIf(process.env['BUCKETWAY_SLOW_TESTS'])(
    'a client that never ends its headers is not waited for',
    async () => {
      await using connection = await target.connect();
      connection.write('GET /victim/old HTTP/1.1\r\nhost: s3.test\r\n');
      expect((await connection.response()).code).toBe('RequestTimeout');
    },
    90_000,
  );
});
