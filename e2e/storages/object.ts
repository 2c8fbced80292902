// One request, for scripts: node object.ts put|same BUCKET KEY FILE. Exits with 0 where it went well.
import { readFile } from 'node:fs/promises';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const [action, Bucket, Key, file = ''] = process.argv.slice(2);
const { ENDPOINT, ACCESS_KEY, SECRET_KEY, REGION } = process.env as Record<string, string>;
const client = new S3Client({
  endpoint: ENDPOINT as string,
  region: REGION as string,
  forcePathStyle: true,
  maxAttempts: 1,
  credentials: { accessKeyId: ACCESS_KEY as string, secretAccessKey: SECRET_KEY as string },
});
const content = await readFile(file);
if (action === 'put') await client.send(new PutObjectCommand({ Bucket, Key, Body: content }));
else {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
  const got = await Body?.transformToByteArray();
  if (got === undefined || !content.equals(got)) throw new Error('It is not what the file holds.');
}
