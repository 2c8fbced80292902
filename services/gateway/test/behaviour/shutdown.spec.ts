import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayGroup, temporaryFiles } from '../support/gateway-group.js';
import { RawConnection } from '../support/raw-connection.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketway-shutdown-'));
  await mkdir(join(folder, 'data'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each([1, 2])('SIGTERM to a gateway of %i worker(s)', (workers) => {
  it('lets a slow download and a slow upload end, refuses new connections, and exits with 0', async () => {
    const large = randomBytes(32 * 1024 * 1024);
    await writeFile(join(folder, 'data/large'), large);
    await using gateway = await GatewayGroup.start(folder, workers);
    const client = gateway.client();
    const download = await client.send(new GetObjectCommand({ Bucket: 'data', Key: 'large' }));
    const body = download.Body as Readable;
    body.pause();

    const pieces = Array.from({ length: 6 }, () => randomBytes(100_000));
    const sent = Promise.withResolvers<void>();
    const slowly = async function* (): AsyncGenerator<Buffer> {
      for (const [i, piece] of pieces.entries()) {
        if (i === 2) sent.resolve();
        if (i >= 2) await delay(100);
        yield piece;
      }
    };
    const put = { Bucket: 'data', Key: 'slow', Body: Readable.from(slowly()), ContentLength: 600_000 };
    const upload = client.send(new PutObjectCommand(put));
    await sent.promise;
    gateway.terminate();
    await expect.poll(() => isRefused(gateway.port)).toBe(true);
    const received: Buffer[] = [];
    for await (const chunk of body) received.push(chunk as Buffer);
    expect(Buffer.concat(received).equals(large)).toBe(true);
    expect((await upload).ETag).toBeDefined();
    expect(await gateway.exited).toBe(0);
    expect((await readFile(join(folder, 'data/slow'))).equals(Buffer.concat(pieces))).toBe(true);
    expect(await temporaryFiles(folder)).toEqual([]);
  });

  it('serves what still comes over a connection that was there before', async () => {
    await using gateway = await GatewayGroup.start(folder, workers);
    const client = gateway.client();
    await using connection = await RawConnection.open(gateway.port);
    connection.write('GET /data HTTP/1.1\r\n');
    await client.send(new PutObjectCommand({ Bucket: 'data', Key: 'small', Body: 'x' }));
    gateway.terminate();
    await expect.poll(() => isRefused(gateway.port)).toBe(true);
    const { status, code, header } = await connection.write('host: s3.test\r\n\r\n').response();
    expect([status, code, header('connection')]).toEqual([403, 'AccessDenied', 'close']);
    expect(await gateway.exited).toBe(0);
  });

  it('does not wait for connections on which nothing happens', async () => {
    await using gateway = await GatewayGroup.start(folder, workers);
    const socket = connect(gateway.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    await gateway.client().send(new PutObjectCommand({ Bucket: 'data', Key: 'small', Body: 'x' }));
    gateway.terminate();
    expect(await gateway.exited).toBe(0);
    socket.destroy();
  });
});

async function isRefused(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
  } finally {
    socket.destroy();
  }
}
