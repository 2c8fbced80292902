import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GatewayGroup, temporaryFiles } from '../support/gateway-group.js';

/** CI sets a minute. */
const SECONDS = Number(process.env['BUCKETWAY_SOAK_SECONDS'] ?? 6);
const BUCKET = 'shared';
const KEYS = ['a', 'a-b', 'a0', 'deep/er/x', 'deep/er/y', 'deep/z', 'é', '\u{1F600}'];
const SIZES = [0, 10, 4096, 70_000, 300_000];

let folder: string;
let gateway: GatewayGroup;
let client: S3Client;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bucketway-concurrent-'));
  await mkdir(join(folder, BUCKET));
  gateway = await GatewayGroup.start(folder);
  client = gateway.client();
});
afterAll(async () => {
  await gateway.kill();
  await rm(folder, { recursive: true });
});

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const codeOf = (error: unknown): string => (error as Error).name;
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

describe('two hundred clients on the same keys', () => {
  /** The size of every version that anybody has tried to write, by its entity tag. */
  const versions = new Map<string, number>();
  const seen = { reads: 0, writes: 0, lists: 0, absent: 0 };
  let until = 0;

  async function write(): Promise<void> {
    const Key = pick(KEYS);
    const dice = Math.random();
    if (dice < 0.1) {
      await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
      return;
    }
    const Body = Buffer.alloc(pick(SIZES), randomBytes(17));
    if (dice < 0.15) return await writeInParts(Key, Body);
    versions.set(`"${md5(Body)}"`, Body.length);
    const { ETag } = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
    expect(ETag).toBe(`"${md5(Body)}"`);
  }

  async function writeInParts(Key: string, Body: Buffer): Promise<void> {
    const ofParts = createHash('md5').update(md5(Body), 'hex').digest('hex');
    versions.set(`"${ofParts}-1"`, Body.length);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
    const upload = { Bucket: BUCKET, Key, UploadId };
    const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
  }

  async function read(): Promise<void> {
    try {
      const { Body, ETag, ContentLength } = await client.send(
        new GetObjectCommand({ Bucket: BUCKET, Key: pick(KEYS) }),
      );
      const bytes = await Body!.transformToByteArray();
      const digest = md5(bytes);
      const expected = ETag!.endsWith('-1"')
        ? `"${createHash('md5').update(digest, 'hex').digest('hex')}-1"`
        : `"${digest}"`;
      expect([ETag, bytes.length]).toEqual([expected, ContentLength]);
      expect(versions.get(ETag!)).toBe(bytes.length);
      seen.reads++;
    } catch (error) {
      if (!(error instanceof NoSuchKey)) throw error;
      seen.absent++;
    }
  }

  async function list(): Promise<void> {
    const names: string[] = [];
    for (let ContinuationToken: string | undefined; ;) {
      const page = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, MaxKeys: 3, ContinuationToken }));
      for (const { Key, ETag, Size } of page.Contents ?? []) {
        names.push(Key!);
        expect(versions.get(ETag!)).toBe(Size);
      }
      ContinuationToken = page.NextContinuationToken;
      if (ContinuationToken === undefined) break;
    }
    const inOrder = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    expect(names).toEqual(inOrder);
    expect(new Set(names).size).toBe(names.length);
    expect(KEYS).toEqual(expect.arrayContaining(names));
    seen.lists++;
  }

  async function repeat(action: () => Promise<void>): Promise<void> {
    while (performance.now() < until) await action();
  }

  it(
    'read and list whole versions only, whatever is written, uploaded in parts and deleted meanwhile',
    async () => {
      until = performance.now() + SECONDS * 1000;
      const writer = async (): Promise<void> => {
        await write();
        seen.writes++;
      };
      await Promise.all([
        ...Array.from({ length: 80 }, () => repeat(writer)),
        ...Array.from({ length: 80 }, () => repeat(read)),
        ...Array.from({ length: 40 }, () => repeat(list)),
      ]);
      expect(Math.min(seen.reads, seen.writes, seen.lists)).toBeGreaterThan(20);
      expect(await temporaryFiles(folder)).toEqual([]);
      expect(gateway.log).not.toMatch(/"level":"(error|fatal)"|InternalError/);
    },
    SECONDS * 1000 + 30_000,
  );
});

describe('conditional writes, over two processes', () => {
  it('If-None-Match: * lets exactly one of a hundred create the object', async () => {
    for (const Key of ['first', 'below/first']) {
      const outcomes = await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          client
            .send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: `by ${i}`, IfNoneMatch: '*' }))
            .then(() => `by ${i}`, codeOf),
        ),
      );
      const winners = outcomes.filter((outcome) => outcome.startsWith('by '));
      expect(winners).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'PreconditionFailed')).toHaveLength(99);
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
      expect(await Body!.transformToString()).toBe(winners[0]);
    }
  });

  it('If-Match loses no update of a counter that many clients raise', async () => {
    const Key = 'counter';
    const clients = 8;
    const each = 12;
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: '0' }));
    const raise = async (): Promise<void> => {
      for (let done = 0; done < each;) {
        const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
        const next = String(Number(await Body!.transformToString()) + 1);
        try {
          await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: next, IfMatch: ETag }));
          done++;
        } catch (error) {
          if (codeOf(error) !== 'PreconditionFailed') throw error;
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, raise));
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect(Number(await Body!.transformToString())).toBe(clients * each);
  });

  it('a conditional delete does not take away a version that it was not meant for', async () => {
    const Key = 'deleted';
    const old = await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'old' }));
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'new' }));
    const stale = client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, IfMatch: old.ETag }));
    await expect(stale).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    expect(await Body!.transformToString()).toBe('new');
  });
});
