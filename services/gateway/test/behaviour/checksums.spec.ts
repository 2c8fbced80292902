import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectAttributesCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type ChecksumAlgorithm,
  type ChecksumType,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'checksums';
let gateway: RunningGateway;
let client: S3Client;
beforeAll(async () => {
  gateway = await startGateway();
  client = gateway.client();
  await client.send(new CreateBucketCommand({ Bucket }));
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** Of "123456789", the check value that the catalogues of these algorithms give, or a digest of node's own. */
const CHECK = Buffer.from('123456789');
const VALUES = {
  CRC32: Buffer.from('cbf43926', 'hex').toString('base64'),
  CRC32C: Buffer.from('e3069283', 'hex').toString('base64'),
  CRC64NVME: Buffer.from('ae8b14860a799888', 'hex').toString('base64'),
  SHA1: createHash('sha1').update(CHECK).digest('base64'),
  SHA256: createHash('sha256').update(CHECK).digest('base64'),
} as const;
type Algorithm = keyof typeof VALUES;
const ALGORITHMS = Object.keys(VALUES) as Algorithm[];

const valueOf = (output: object, algorithm: Algorithm): unknown =>
  (output as Record<string, unknown>)[`Checksum${algorithm}`];

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const ChecksumAlgorithm = algorithm satisfies ChecksumAlgorithm;

  it('in a header is verified, stored and given back on request', async () => {
    const Key = `header-${algorithm}`;
    const given = { [`Checksum${algorithm}`]: VALUES[algorithm] };
    const put = await client.send(new PutObjectCommand({ Bucket, Key, Body: CHECK, ...given }));
    expect(valueOf(put, algorithm)).toBe(VALUES[algorithm]);
    const head = await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect([valueOf(head, algorithm), head.ChecksumType]).toEqual([VALUES[algorithm], 'FULL_OBJECT']);
    const silent = await client.send(new HeadObjectCommand({ Bucket, Key }));
    expect(valueOf(silent, algorithm)).toBeUndefined();
    const attributes = await client.send(
      new GetObjectAttributesCommand({ Bucket, Key, ObjectAttributes: ['Checksum', 'ETag', 'ObjectSize'] }),
    );
    expect([valueOf(attributes.Checksum!, algorithm), attributes.ObjectSize]).toEqual([VALUES[algorithm], 9]);
  });

  it('that is wrong keeps the old object', async () => {
    const Key = `wrong-${algorithm}`;
    await client.send(new PutObjectCommand({ Bucket, Key, Body: 'old' }));
    const given = { [`Checksum${algorithm}`]: VALUES[algorithm] };
    const put = client.send(new PutObjectCommand({ Bucket, Key, Body: '123456780', ...given }));
    await expect(put).rejects.toMatchObject({ name: 'BadDigest' });
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    expect(await Body!.transformToString()).toBe('old');
  });

  it('in a trailer is verified and stored', async () => {
    const Key = `trailer-${algorithm}`;
    const Body = Readable.from([CHECK.subarray(0, 4), CHECK.subarray(4)]);
    await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: 9, ChecksumAlgorithm }));
    const got = await client.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
    expect(valueOf(got, algorithm)).toBe(VALUES[algorithm]);
    expect(Buffer.from(await got.Body!.transformToByteArray()).equals(CHECK)).toBe(true);
  });

  it('is computed anew by a copy that asks for it', async () => {
    await client.send(new PutObjectCommand({ Bucket, Key: 'source', Body: CHECK, ChecksumAlgorithm: 'SHA1' }));
    const copy = { Bucket, Key: `copy-${algorithm}`, CopySource: `${Bucket}/source`, ChecksumAlgorithm };
    const { CopyObjectResult } = await client.send(new CopyObjectCommand(copy));
    expect(valueOf(CopyObjectResult!, algorithm)).toBe(VALUES[algorithm]);
  });
});

describe('of an upload in parts', () => {
  const parts = [Buffer.alloc(5 * 1024 * 1024, 'a'), Buffer.from('123456789')];

  async function upload(Key: string, algorithm: Algorithm, ChecksumType?: ChecksumType): Promise<object> {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({
        Bucket,
        Key,
        ChecksumAlgorithm: algorithm,
        ...(ChecksumType && { ChecksumType }),
      }),
    );
    const to = { Bucket, Key, UploadId };
    const Parts = [];
    for (const [i, Body] of parts.entries()) {
      const part = { ...to, PartNumber: i + 1, Body, ChecksumAlgorithm: algorithm };
      const { ETag, ...checksums } = await client.send(new UploadPartCommand(part));
      Parts.push({ PartNumber: i + 1, ETag, [`Checksum${algorithm}`]: valueOf(checksums, algorithm) });
    }
    expect((Parts[1] as unknown as Record<string, unknown>)[`Checksum${algorithm}`]).toBe(VALUES[algorithm]);
    await client.send(
      new CompleteMultipartUploadCommand({
        ...to,
        MultipartUpload: { Parts },
        ...(ChecksumType && { ChecksumType }),
      }),
    );
    return await client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
  }

  it.each(['SHA1', 'SHA256', 'CRC32', 'CRC32C'] as const)('%s is composed of those of the parts', async (algorithm) => {
    const head = await upload(`composite-${algorithm}`, algorithm, 'COMPOSITE');
    expect(head).toMatchObject({ ChecksumType: 'COMPOSITE', [`Checksum${algorithm}`]: expect.stringMatching(/-2$/) });
    if (algorithm === 'CRC32' || algorithm === 'CRC32C') return;
    const name = algorithm.toLowerCase();
    const digests = parts.map((part) => createHash(name).update(part).digest());
    const composed = createHash(name).update(Buffer.concat(digests)).digest('base64');
    expect(valueOf(head, algorithm)).toBe(`${composed}-2`);
  });

  it.each(['CRC32', 'CRC32C', 'CRC64NVME'] as const)('%s is that of the whole object', async (algorithm) => {
    const head = await upload(`full-${algorithm}`, algorithm, 'FULL_OBJECT');
    expect(head).toMatchObject({ ChecksumType: 'FULL_OBJECT' });
    const Key = `whole-${algorithm}`;
    const put = { Bucket, Key, Body: Buffer.concat(parts), ChecksumAlgorithm: algorithm };
    expect(valueOf(head, algorithm)).toBe(valueOf(await client.send(new PutObjectCommand(put)), algorithm));
    if (algorithm !== 'CRC32') return;
    const expected = Buffer.alloc(4);
    expected.writeUInt32BE(crc32(Buffer.concat(parts)));
    expect(valueOf(head, algorithm)).toBe(expected.toString('base64'));
  });
});

it('a checksum of the whole that nothing can be compared with is refused, not passed over', async () => {
  const Key = 'unknown';
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: CHECK }));
  const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } };
  const expecting = new CompleteMultipartUploadCommand({ ...whole, ChecksumCRC32C: VALUES.CRC32C });
  await expect(client.send(expecting)).rejects.toMatchObject({ name: 'InvalidRequest' });
  await client.send(new CompleteMultipartUploadCommand(whole));
});

describe('of a part, where the upload has no algorithm', () => {
  const Key = 'parts';
  const start = async (): Promise<{ Bucket: string; Key: string; UploadId: string | undefined }> => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    return { Bucket, Key, UploadId };
  };

  it.each(ALGORITHMS)('%s is verified, given back and compared at the end', async (algorithm) => {
    const part = { ...(await start()), PartNumber: 1, Body: CHECK };
    const wrong = new UploadPartCommand({ ...part, Body: '987654321', [`Checksum${algorithm}`]: VALUES[algorithm] });
    await expect(client.send(wrong)).rejects.toMatchObject({ name: 'BadDigest' });
    const stored = await client.send(new UploadPartCommand({ ...part, [`Checksum${algorithm}`]: VALUES[algorithm] }));
    expect(valueOf(stored, algorithm)).toBe(VALUES[algorithm]);
    const completeWith = (value: unknown): CompleteMultipartUploadCommand => {
      const Parts = [{ PartNumber: 1, ETag: stored.ETag, [`Checksum${algorithm}`]: value }];
      return new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts } });
    };
    const other = Buffer.from(VALUES[algorithm], 'base64').fill(0).toString('base64');
    await expect(client.send(completeWith(other))).rejects.toMatchObject({ name: 'InvalidPart' });
    await client.send(completeWith(VALUES[algorithm]));
  });

  it('is not passed over at the end where the part was sent without one', async () => {
    const part = { ...(await start()), PartNumber: 1 };
    const { ETag, ...rest } = await client.send(new UploadPartCommand({ ...part, Body: CHECK }));
    const Parts = [{ PartNumber: 1, ETag, ChecksumSHA256: VALUES.SHA256 }];
    expect(valueOf(rest, 'SHA256')).toBeUndefined();
    const complete = new CompleteMultipartUploadCommand({ ...part, MultipartUpload: { Parts } });
    await expect(client.send(complete)).rejects.toMatchObject({ name: 'InvalidPart' });
  });
});
