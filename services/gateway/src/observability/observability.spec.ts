import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatAccessLogLine } from './access-log.js';
import { ApplicationLog } from './application-log.js';
import { BufferedWriter } from './buffered-writer.js';
import { RequestMetrics } from './request-metrics.js';
import type { RequestRecord } from './request-record.js';
import { StorageMetrics } from './storage-observer.js';

const RECORD: RequestRecord = {
  time: new Date('2026-11-22T16:00:00Z'),
  operation: 'GetObject',
  method: 'GET',
  bucket: 'photos',
  key: 'a/b.txt',
  status: 200,
  errorCode: undefined,
  bytesIn: 0,
  bytesOut: 10,
  objectSize: 10,
  totalMs: 3.14159,
  turnAroundMs: 1,
  remoteAddress: '127.0.0.1',
  principal: { name: 'main', accessKeyId: 'AKMAIN' },
  requestId: 'ABC',
  userAgent: 'aws-cli/2',
  referer: undefined,
  host: 'localhost:9000',
  versionId: '-',
  authenticationType: 'AuthHeader',
  signatureVersion: 'SigV4',
  tlsVersion: undefined,
  target: '/photos/a/b.txt',
};

describe('formatAccessLogLine', () => {
  it("writes the fields of S3's server access log", () => {
    expect(JSON.parse(formatAccessLogLine(RECORD))).toEqual({
      time: '2026-11-22T16:00:00.000Z',
      bucket: 'photos',
      remoteIp: '127.0.0.1',
      requester: 'main',
      accessKeyId: 'AKMAIN',
      requestId: 'ABC',
      operation: 'GetObject',
      key: 'a/b.txt',
      requestUri: 'GET /photos/a/b.txt',
      httpStatus: 200,
      errorCode: '-',
      bytesSent: 10,
      bytesReceived: 0,
      objectSize: 10,
      totalTimeMs: 3.14,
      turnAroundTimeMs: 1,
      referer: '-',
      userAgent: 'aws-cli/2',
      versionId: '-',
      signatureVersion: 'SigV4',
      authenticationType: 'AuthHeader',
      hostHeader: 'localhost:9000',
      tlsVersion: '-',
    });
  });

  it('stays one line of JSON, whatever a client sends', () => {
    const evil = 'a"\n{"time":1}\u2028\ud800\0'.repeat(500);
    const line = formatAccessLogLine({
      ...RECORD,
      key: evil,
      userAgent: evil,
      referer: evil,
      host: evil,
      target: evil,
    });
    expect(line.indexOf('\n')).toBe(line.length - 1);
    expect(JSON.parse(line)).toMatchObject({ userAgent: expect.stringMatching(/…$/) as unknown });
  });
});

describe('BufferedWriter', () => {
  let folder: string;
  let file: string;
  let descriptor: number;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-writer-'));
    file = join(folder, 'log');
    descriptor = openSync(file, 'a');
  });
  afterEach(() => {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  });

  it('writes every line, in order', async () => {
    const writer = new BufferedWriter(descriptor, 100);
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i} é\n`);
    for (const line of lines) writer.write(line);
    await writer.drain();
    expect(readFileSync(file, 'utf8')).toBe(lines.join(''));
    expect(writer.dropped).toBe(0);
  });

  it('writes what is left when the process ends', () => {
    const writer = new BufferedWriter(descriptor);
    writer.write('last\n');
    writer.flushSync();
    expect(readFileSync(file, 'utf8')).toBe('last\n');
  });

  it('writes no line twice when the process ends while some are being written', async () => {
    const writer = new BufferedWriter(descriptor);
    writer.write('first\n');
    writer.flush();
    writer.write('last\n');
    writer.flushSync();
    await writer.drain();
    expect(readFileSync(file, 'utf8').split('\n').toSorted()).toEqual(['', 'first', 'last']);
    expect(writer.dropped).toBe(0);
  });

  it('counts each line that it gives up', async () => {
    const readOnly = openSync(file, 'r');
    const given = new BufferedWriter(readOnly, 4);
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n', 'e\n']) given.write(line);
    await given.drain();
    expect(given.dropped).toBe(5);
    const last = new BufferedWriter(readOnly);
    for (const line of ['a\n', 'b\n', 'c\n']) last.write(line);
    last.flushSync();
    expect(last.dropped).toBe(3);
    closeSync(readOnly);
  });

  it('drops lines rather than keep them without bound', async () => {
    const writer = new BufferedWriter(descriptor, 1000);
    const line = `${'x'.repeat(999)}\n`;
    for (let i = 0; i < 6000; i++) writer.write(line);
    expect(writer.dropped).toBeGreaterThan(0);
    await writer.drain();
    expect(readFileSync(file).length).toBe((6000 - writer.dropped) * 1000);
  });

  it('gives up where nobody reads, without a word to the caller', async () => {
    const readOnly = openSync(file, 'r');
    const writer = new BufferedWriter(readOnly);
    writer.write('a\n');
    await writer.drain();
    writer.write('b\n');
    expect(writer.dropped).toBe(2);
    closeSync(readOnly);
  });
});

describe('RequestMetrics', () => {
  it('counts by operation, status and code', async () => {
    const registry = new Registry();
    const metrics = new RequestMetrics(registry);
    metrics.started('GetObject');
    metrics.started('GetObject');
    metrics.finished(RECORD);
    metrics.started(undefined);
    metrics.finished({ ...RECORD, operation: undefined, status: 403, errorCode: 'SignatureDoesNotMatch', bytesIn: 7 });
    const text = await registry.metrics();
    for (const line of [
      'bucketway_requests_total{operation="GetObject",status="200",code=""} 1',
      'bucketway_requests_total{operation="Unknown",status="403",code="SignatureDoesNotMatch"} 1',
      'bucketway_request_duration_seconds_bucket{le="0.005",operation="GetObject"} 1',
      'bucketway_request_sent_bytes_total{operation="GetObject"} 10',
      'bucketway_request_received_bytes_total{operation="Unknown"} 7',
      'bucketway_requests_in_flight{operation="GetObject"} 1',
      'bucketway_requests_in_flight{operation="Unknown"} 0',
      'bucketway_auth_failures_total{code="SignatureDoesNotMatch"} 1',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it('has no label that a client can flood', async () => {
    const registry = new Registry();
    const metrics = new RequestMetrics(registry);
    const finish = (i: number): void => {
      metrics.started('PutObject');
      const flood = `x${i}`;
      metrics.finished({ ...RECORD, operation: 'PutObject', bucket: flood, key: flood, userAgent: flood, host: flood });
    };
    finish(0);
    const before = (await registry.metrics()).split('\n').length;
    for (let i = 1; i < 1000; i++) finish(i);
    expect((await registry.metrics()).split('\n').length).toBe(before);
  });
});

describe('StorageMetrics', () => {
  it('measures calls by kind', async () => {
    const registry = new Registry();
    new StorageMetrics(registry).called('local', 'open', 0.0002);
    expect(await registry.metrics()).toContain(
      'bucketway_storage_call_duration_seconds_bucket{le="0.0005",storage="local",call="open"} 1',
    );
  });
});

describe('ApplicationLog', () => {
  function logged(write: (log: ApplicationLog) => void, pretty = false): string[] {
    const lines: string[] = [];
    write(new ApplicationLog((line) => lines.push(line), pretty, { worker: 1 }));
    return lines;
  }

  it('writes JSON lines with fields and contexts', () => {
    const [first, second] = logged((log) => {
      log.log('ready', { port: 9000 });
      log.error('broken', new Error('why', { cause: new Error('deeper') }), 'Storage');
    }).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toMatchObject({ level: 'info', message: 'ready', port: 9000, worker: 1 });
    expect(second).toMatchObject({ level: 'error', message: 'broken', context: 'Storage' });
    expect(second?.['error']).toMatch(/why[^]*caused by Error: deeper/);
  });

  it.each([false, true])('redacts secrets (pretty: %s)', (pretty) => {
    const lines = logged((log) => {
      log.log('x', {
        secretAccessKey: 'tell-nobody',
        nested: { Authorization: 'tell-nobody', 'X-Amz-Signature': 'tell-nobody' },
      });
      log.log({ password: 'tell-nobody' });
    }, pretty);
    expect(lines.join('')).not.toContain('tell-nobody');
    expect(lines.join('')).toContain('REDACTED');
  });

  it('leaves out what is below its threshold', () => {
    expect(logged((log) => log.debug('x'))).toEqual([]);
  });
});
