// Runs in a pod: prints the objects below a prefix as a JSON object, contents by keys.
//
//   keys.mjs PREFIX
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';

const Bucket = process.env.BUCKET_NAME;
const client = new S3Client({ forcePathStyle: true });
const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix: process.argv[2] }));
const found = {};
for (const { Key } of Contents) {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  found[Key] = await Body.transformToString();
}
console.log(JSON.stringify(found));
