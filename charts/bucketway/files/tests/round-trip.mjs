// What `helm test` runs in a pod of the gateway's image: one signed round trip with the keys that an S3Bucket brought.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

const { AWS_ENDPOINT_URL_S3, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, BUCKET } = process.env;
const bucket = { Bucket: BUCKET };
const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
const options = { endpoint: AWS_ENDPOINT_URL_S3, region: AWS_REGION, forcePathStyle: true };
const client = new S3Client({ ...options, credentials });
const prefix = `helm-test-${Date.now()}/`;
const body = randomBytes(100_000);
const keys = [`${prefix}small.txt`, `${prefix}large.bin`];

async function step(what, run) {
  try {
    await run();
    process.stdout.write(`ok ${what}\n`);
  } catch (error) {
    process.stdout.write(`not ok ${what}: ${error.name}: ${error.message}\n`);
    process.exitCode = 1;
  }
}

process.stdout.write(`${AWS_ENDPOINT_URL_S3}, bucket ${BUCKET}\n`);
// The Secret is there a moment before the gateways know its keys, and this pod may not ask for the condition Ready.
await step('the bucket is there', async () => {
  for (let left = 30; ; left--) {
    try {
      return await client.send(new HeadBucketCommand(bucket));
    } catch (error) {
      if (left === 0) throw error;
      await setTimeout(1000);
    }
  }
});
await step('objects are stored', async () => {
  await client.send(
    new PutObjectCommand({ ...bucket, Key: keys[0], Body: 'hello', Metadata: { made: 'by-helm-test' } }),
  );
  await client.send(new PutObjectCommand({ ...bucket, Key: keys[1], Body: body }));
});
await step('they are listed', async () => {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: prefix }));
  assert.deepEqual(Contents.map(({ Key }) => Key).sort(), keys.toSorted());
});
await step('they come back as they were', async () => {
  const small = await client.send(new GetObjectCommand({ ...bucket, Key: keys[0] }));
  assert.equal(await small.Body.transformToString(), 'hello');
  assert.equal(small.Metadata?.made, 'by-helm-test');
  const large = await client.send(new GetObjectCommand({ ...bucket, Key: keys[1], Range: 'bytes=1000-1999' }));
  assert.deepEqual(Buffer.from(await large.Body.transformToByteArray()), body.subarray(1000, 2000));
});
await step('a wrong secret is refused', async () => {
  const secretAccessKey = `${AWS_SECRET_ACCESS_KEY}x`;
  const stranger = new S3Client({ ...options, credentials: { ...credentials, secretAccessKey } });
  await assert.rejects(stranger.send(new ListObjectsV2Command(bucket)), { name: 'SignatureDoesNotMatch' });
});
await step('they are deleted', async () => {
  await client.send(new DeleteObjectsCommand({ ...bucket, Delete: { Objects: keys.map((Key) => ({ Key })) } }));
  const { KeyCount } = await client.send(new ListObjectsV2Command({ ...bucket, Prefix: prefix }));
  assert.equal(KeyCount, 0);
});
