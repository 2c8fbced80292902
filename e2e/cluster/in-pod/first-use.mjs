// Runs in a pod: an S3 client that is told nothing but what the environment holds. The AWS SDK for JavaScript knows no variable
// for the addressing style, which is all that is said here.
import assert from 'node:assert/strict';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const Bucket = process.env.BUCKET_NAME;
const client = new S3Client({ forcePathStyle: true });
await client.send(new PutObjectCommand({ Bucket, Key: 'folder/hello.txt', Body: 'hello', Metadata: { from: 'pod' } }));
const { Body, Metadata, ContentType } = await client.send(new GetObjectCommand({ Bucket, Key: 'folder/hello.txt' }));
assert.equal(await Body.transformToString(), 'hello');
assert.deepEqual(Metadata, { from: 'pod' });
assert.equal(ContentType, 'application/octet-stream');
const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
assert.ok(Contents.some(({ Key }) => Key === 'folder/hello.txt'));
