// Runs in a pod: gateways that share a storage, each asked by its address.
//
//   replicas.mjs ADDRESSES
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const Bucket = process.env.BUCKET_NAME;
const gateways = process.argv[2].split(',').map((address) => {
  const host = address.includes(':') ? `[${address}]` : address;
  return new S3Client({ endpoint: `http://${host}:9000`, forcePathStyle: true, maxAttempts: 1 });
});
const gateway = (number) => gateways[number % gateways.length];
const read = async (number, Key) => {
  const { Body } = await gateway(number).send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from(await Body.transformToByteArray());
};

// Every step of an upload in parts through another gateway.
const upload = { Bucket, Key: 'through-all/parts.bin' };
const content = randomBytes(3 * (5 << 20) + 12345);
const { UploadId } = await gateway(0).send(new CreateMultipartUploadCommand({ ...upload, Metadata: { by: 'all' } }));
const Parts = await Promise.all(
  [1, 2, 3, 4].map(async (PartNumber) => {
    const Body = content.subarray((PartNumber - 1) * (5 << 20), PartNumber * (5 << 20));
    const part = { ...upload, UploadId, PartNumber, Body };
    const { ETag } = await gateway(PartNumber).send(new UploadPartCommand(part));
    return { PartNumber, ETag };
  }),
);
for (const client of gateways) {
  const listed = await client.send(new ListPartsCommand({ ...upload, UploadId }));
  assert.deepEqual(
    listed.Parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })),
    Parts,
  );
}
const whole = { ...upload, UploadId, MultipartUpload: { Parts } };
const { ETag } = await gateway(2).send(new CompleteMultipartUploadCommand(whole));
for (const number of gateways.keys()) {
  assert.ok(content.equals(await read(number, upload.Key)), `gateway ${number} reads what was uploaded`);
  const head = await gateway(number).send(new HeadObjectCommand(upload));
  assert.equal(head.ETag, ETag);
  assert.deepEqual(head.Metadata, { by: 'all' });
}

// Of many who create the same object only one succeeds, and all see its content.
for (let round = 0; round < 20; round++) {
  const Key = `through-all/once-${round}-${Date.now()}`;
  const tries = gateways.map((client, number) =>
    client.send(new PutObjectCommand({ Bucket, Key, Body: `by ${number}`, IfNoneMatch: '*' })),
  );
  const outcomes = await Promise.allSettled(tries);
  const winners = [...outcomes.keys()].filter((number) => outcomes[number].status === 'fulfilled');
  assert.equal(winners.length, 1, `${winners.length} created ${Key}`);
  for (const number of gateways.keys()) assert.equal(String(await read(number, Key)), `by ${winners[0]}`);
}
