// Runs in a pod: what each gateway says to a list, a put and a get with a key. Prints a JSON object: by address, three outcomes,
// each `ok` or the error's name.
//
//   outcomes.mjs ADDRESSES BUCKET ACCESS_KEY SECRET_KEY
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const [addresses, Bucket, accessKeyId, secretAccessKey] = process.argv.slice(2);
const credentials = { accessKeyId, secretAccessKey };
const object = { Bucket, Key: 'outcomes.txt' };

async function outcome(client, command) {
  try {
    const { Body } = await client.send(command);
    await Body?.transformToByteArray();
    return 'ok';
  } catch (error) {
    return error.name;
  }
}

const outcomes = {};
for (const address of addresses.split(',')) {
  const host = address.includes(':') ? `[${address}]` : address;
  const client = new S3Client({ endpoint: `http://${host}:9000`, forcePathStyle: true, maxAttempts: 1, credentials });
  const list = await outcome(client, new ListObjectsV2Command({ Bucket }));
  const put = await outcome(client, new PutObjectCommand({ ...object, Body: 'outcome' }));
  const get = await outcome(client, new GetObjectCommand(object));
  outcomes[address] = [list, put, get].join(' ');
}
console.log(JSON.stringify(outcomes));
