// Several gateways on one storage: what one writes, the others have, and of many who want the same one gets it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const { ENDPOINTS, BUCKET: Bucket, ACCESS_KEY, SECRET_KEY, REGION } = process.env as Record<string, string>;
const PART_BYTES = 5 * 1024 * 1024;
const ROUNDS = 20;

const gateways = (ENDPOINTS as string).split(' ').map(
  (endpoint) =>
    new S3Client({
      endpoint,
      region: REGION as string,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ACCESS_KEY as string, secretAccessKey: SECRET_KEY as string },
    }),
);

function gateway(number: number): S3Client {
  return gateways[number % gateways.length] as S3Client;
}

async function read(number: number, Key: string): Promise<Buffer> {
  const { Body } = await gateway(number).send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** Undefined where it went well, else the error's name. */
async function outcome(action: Promise<unknown>): Promise<string | undefined> {
  try {
    await action;
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}

const CHECKS: readonly (readonly [string, () => Promise<void>])[] = [
  [
    'what one has written, all others read at once, with its metadata',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const Key = `seen/${round % 3}.txt`;
        const Body = randomBytes(1000 + round);
        const { ETag } = await gateway(round).send(
          new PutObjectCommand({ Bucket, Key, Body, Metadata: { round: String(round) } }),
        );
        for (let other = 0; other < gateways.length; other++) {
          assert.deepEqual(await read(other, Key), Body);
          const head = await gateway(other).send(new HeadObjectCommand({ Bucket, Key }));
          assert.equal(head.ETag, ETag);
          assert.deepEqual(head.Metadata, { round: String(round) });
        }
      }
    },
  ],
  [
    'what one has written or deleted, all others list, or not, at once',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const Key = `listed/${round}.txt`;
        await gateway(round).send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
        const deleted = `listed/${round - 1}.txt`;
        await gateway(round + 1).send(new DeleteObjectCommand({ Bucket, Key: deleted }));
        for (let other = 0; other < gateways.length; other++) {
          const { Contents = [] } = await gateway(other).send(new ListObjectsV2Command({ Bucket, Prefix: 'listed/' }));
          assert.deepEqual(
            Contents.map((row) => row.Key),
            [Key],
          );
        }
      }
    },
  ],
  [
    'of many who create one key at once, one does',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const Key = `created/${round}.txt`;
        const outcomes = await Promise.all(
          Array.from({ length: 9 }, (_, number) =>
            outcome(
              gateway(number).send(new PutObjectCommand({ Bucket, Key, Body: `by ${number}`, IfNoneMatch: '*' })),
            ),
          ),
        );
        assert.equal(outcomes.filter((one) => one === undefined).length, 1, outcomes.join());
        assert.equal((await read(round, Key)).toString(), `by ${outcomes.indexOf(undefined)}`);
      }
    },
  ],
  [
    'of many who replace one version at once, one does',
    async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const Key = 'replaced.txt';
        const { ETag } = await gateway(round).send(new PutObjectCommand({ Bucket, Key, Body: `round ${round}` }));
        const outcomes = await Promise.all(
          Array.from({ length: 6 }, (_, number) =>
            outcome(
              gateway(number).send(
                new PutObjectCommand({ Bucket, Key, Body: `round ${round} by ${number}`, IfMatch: ETag }),
              ),
            ),
          ),
        );
        assert.equal(outcomes.filter((one) => one === undefined).length, 1, outcomes.join());
      }
    },
  ],
  [
    'an upload that one began takes parts by all, and is completed by any',
    async () => {
      const Key = 'in parts.bin';
      const parts = Array.from({ length: 6 }, (_, index) => randomBytes(index === 5 ? 1234 : PART_BYTES));
      const { UploadId } = await gateway(0).send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const stored = await Promise.all(
        parts.map(async (Body, index) => {
          const PartNumber = index + 1;
          const { ETag } = await gateway(index).send(
            new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }),
          );
          return { PartNumber, ETag };
        }),
      );
      const { Parts = [] } = await gateway(2).send(new ListPartsCommand({ Bucket, Key, UploadId }));
      assert.equal(Parts.length, parts.length);
      await gateway(1).send(
        new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: stored } }),
      );
      const whole = createHash('sha256').update(Buffer.concat(parts)).digest('hex');
      for (let number = 0; number < gateways.length; number++) {
        assert.equal(
          createHash('sha256')
            .update(await read(number, Key))
            .digest('hex'),
          whole,
        );
      }
    },
  ],
  [
    'readers see one whole version or the next while all write one key',
    async () => {
      const Key = 'contended.bin';
      const version = (number: number): Buffer => Buffer.alloc(300_000, number);
      await gateway(0).send(new PutObjectCommand({ Bucket, Key, Body: version(0) }));
      let writing = true;
      const writers = Promise.all(
        gateways.map(async (client, writer) => {
          for (let round = 0; round < ROUNDS; round++) {
            await client.send(new PutObjectCommand({ Bucket, Key, Body: version(1 + writer * ROUNDS + round) }));
          }
        }),
      ).finally(() => (writing = false));
      let reads = 0;
      while (writing) {
        const bytes = await read(reads++, Key);
        assert.equal(bytes.length, 300_000);
        assert.ok(
          bytes.every((byte) => byte === bytes[0]),
          'a mixture of two versions',
        );
      }
      await writers;
    },
  ],
];

for (const [what, action] of CHECKS) {
  try {
    await action();
    console.log(`ok gateways on ${Bucket}: ${what}`);
  } catch (error) {
    console.log(`not ok gateways on ${Bucket}: ${what}\n${(error as Error).stack ?? String(error)}`);
  }
}
