// Runs in a pod of the gateway's image: clients that write and read back without a pause, and say each second how it went.
import { createHash, randomBytes } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const { ENDPOINT, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, CLIENTS = '8' } = process.env;
const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
const body = randomBytes(200_000);
const etag = `"${createHash('md5').update(body).digest('hex')}"`;
const counts = { written: 0, read: 0, repeated: 0, failed: [] };

/** The clients' own defaults, but for the address: what they repeat is counted, what they give up is a failure. */
async function write(number) {
  const client = new S3Client({ endpoint: ENDPOINT, region: 'us-east-1', forcePathStyle: true, credentials });
  for (let turn = 0; ; turn++) {
    const object = { Bucket: 'upgrade', Key: `${number}/${turn % 50}` };
    try {
      const put = await client.send(new PutObjectCommand({ ...object, Body: body }));
      if (put.ETag !== etag) throw new Error(`another entity tag: ${put.ETag}`);
      counts.written++;
      counts.repeated += put.$metadata.attempts - 1;
      const get = await client.send(new GetObjectCommand(object)).catch(ignoreMissing);
      if (get !== undefined) {
        await get.Body.transformToByteArray();
        counts.read++;
        counts.repeated += get.$metadata.attempts - 1;
      }
    } catch (error) {
      counts.failed.push(`${new Date().toISOString()} ${error.name}: ${error.message}`);
    }
  }
}

/** Each pod has a storage of its own in this test: what was written to the one before is not there. */
function ignoreMissing(error) {
  if (error.name !== 'NoSuchKey') throw error;
}

setInterval(() => console.log(JSON.stringify(counts)), 1000);
for (let number = 0; number < Number(CLIENTS); number++) void write(number);
