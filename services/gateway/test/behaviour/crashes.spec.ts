import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  NoSuchKey,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { GatewayGroup, temporaryFiles } from '../support/gateway-group.js';

/** CI sets more. */
const ROUNDS = Number(process.env['BUCKETWAY_CRASH_ROUNDS'] ?? 3);
const BUCKET = 'kept';
const SIZES = [0, 100, 4096, 200_000, 3_000_000];

let folder: string;
beforeAll(async () => {
  // The SDK has advice for each connection that breaks.
  vi.spyOn(console, 'warn').mockReturnValue();
  folder = await mkdtemp(join(tmpdir(), 'bucketway-crash-'));
  await mkdir(join(folder, BUCKET));
});
afterAll(() => rm(folder, { recursive: true }));

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex');
const ABSENT = 'absent';

/** What one client knows of its key: what was acknowledged last, and what it has asked for since. */
interface Ledger {
  readonly key: string;
  acknowledged: string;
  pending: string | undefined;
}

/** Writes, uploads in parts and deletes one key, again and again, until the gateway is gone. */
async function work(client: S3Client, ledger: Ledger): Promise<void> {
  const object = { Bucket: BUCKET, Key: ledger.key };
  for (let i = 0; ; i++) {
    const Body = Buffer.alloc(SIZES[i % SIZES.length] as number, randomBytes(13));
    const deletes = i % 7 === 6;
    ledger.pending = deletes ? ABSENT : md5(Body);
    try {
      if (deletes) await client.send(new DeleteObjectCommand(object));
      else if (i % 3 === 2) await uploadInParts(client, ledger.key, Body);
      else await client.send(new PutObjectCommand({ ...object, Body }));
    } catch {
      return;
    }
    ledger.acknowledged = ledger.pending;
    ledger.pending = undefined;
  }
}

async function uploadInParts(client: S3Client, Key: string, Body: Buffer): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const upload = { Bucket: BUCKET, Key, UploadId };
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body }));
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
}

async function digestOf(client: S3Client, Key: string): Promise<string> {
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
    const digest = md5(await Body!.transformToByteArray());
    const inParts = createHash('md5').update(digest, 'hex').digest('hex');
    expect([`"${digest}"`, `"${inParts}-1"`]).toContain(ETag);
    return digest;
  } catch (error) {
    if (!(error instanceof NoSuchKey)) throw error;
    return ABSENT;
  }
}

describe('a gateway that is killed while clients upload', () => {
  const ledgers: Ledger[] = Array.from({ length: 24 }, (_, i) => ({
    key: `${i % 2 ? 'deep/' : ''}key-${i}`,
    acknowledged: ABSENT,
    pending: undefined,
  }));

  it(
    'has lost nothing that it acknowledged when it comes back, and shows nothing half done',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        {
          await using gateway = await GatewayGroup.start(folder);
          const client = gateway.client();
          const working = ledgers.map((ledger) => work(client, ledger));
          await delay(250 + Math.random() * 500);
          await gateway.kill();
          await Promise.all(working);
        }
        await using gateway = await GatewayGroup.start(folder);
        const client = gateway.client();
        for (const ledger of ledgers) {
          const digest = await digestOf(client, ledger.key);
          expect([ledger.acknowledged, ledger.pending]).toContain(digest);
          ledger.acknowledged = digest;
          ledger.pending = undefined;
        }
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
        const present = ledgers.filter(({ acknowledged }) => acknowledged !== ABSENT).map(({ key }) => key);
        expect(Contents.map(({ Key }) => Key)).toEqual(present.toSorted());
        await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: ledgers[0]!.key, Body: '' }));
        ledgers[0]!.acknowledged = md5(Buffer.alloc(0));
        await expect.poll(() => temporaryFiles(folder)).toEqual([]);
      }
    },
    ROUNDS * 40_000,
  );

  it('still has the uploads that were begun, to be gone on with or aborted', async () => {
    const object = { Bucket: BUCKET, Key: 'in-parts' };
    const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('the last part')] as const;
    let UploadId = '';
    const etags: (string | undefined)[] = [];
    {
      await using gateway = await GatewayGroup.start(folder);
      const client = gateway.client();
      ({ UploadId = '' } = await client.send(new CreateMultipartUploadCommand(object)));
      const part = { ...object, UploadId, PartNumber: 1, Body: parts[0] };
      etags.push((await client.send(new UploadPartCommand(part))).ETag);
      const late = client.send(new UploadPartCommand({ ...part, PartNumber: 2, Body: Buffer.alloc(8_000_000) }));
      await Promise.all([late.catch(() => undefined), gateway.kill()]);
    }
    await using gateway = await GatewayGroup.start(folder);
    const client = gateway.client();
    const upload = { ...object, UploadId };
    etags.push((await client.send(new UploadPartCommand({ ...upload, PartNumber: 2, Body: parts[1] }))).ETag);
    const { Parts = [] } = await client.send(new ListPartsCommand(upload));
    expect(Parts.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([
      [1, parts[0].length],
      [2, parts[1].length],
    ]);
    const MultipartUpload = { Parts: etags.map((ETag = '', i) => ({ PartNumber: i + 1, ETag })) };
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }));
    expect(await bytesDigestOf(client, object.Key)).toBe(md5(Buffer.concat(parts)));
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
    for (const { Key = '', UploadId: id = '' } of Uploads) {
      await client.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key, UploadId: id }));
    }
    expect((await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }))).Uploads ?? []).toEqual([]);
  });
});

async function bytesDigestOf(client: S3Client, Key: string): Promise<string> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }));
  return md5(await Body!.transformToByteArray());
}
