// Runs in a pod: clients that write, read back and list until the pod is removed. They keep their connections, or open one
// for each request, or read slowly: not many requests a second, but at any moment some are in their middle. Twice a second it
// prints what it has seen, as JSON.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

const { BUCKET_NAME: Bucket, ATTEMPTS = '1' } = process.env;
/** Of a folder of its own, so that listings stay short. */
const folder = `load-${Date.now()}/`;
/** Of a body whose connection ended before it did; wrong content has none of them, and is never read again. */
const BROKEN_OFF = new Set(['ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE']);
const result = { requests: 0, repeated: 0, slowestMs: 0, failures: [] };

/** Everything else is from the environment. */
function client(keepAlive) {
  return new S3Client({
    forcePathStyle: true,
    maxAttempts: Number(ATTEMPTS),
    requestHandler: { connectionTimeout: 10_000, requestTimeout: 30_000, httpAgent: { keepAlive, maxSockets: 20 } },
  });
}

/**
 * Sends a request, and reads the answer to its end. No client library repeats a read that breaks off after its headers by
 * itself, but what transfers files with one does: where requests may be repeated, so may that.
 */
async function sendAndRead(by, command, read) {
  for (let attempt = 1; ; attempt++) {
    const answer = await by.send(command);
    result.repeated += (answer.$metadata.attempts ?? 1) - 1;
    try {
      return await read(answer);
    } catch (error) {
      if (!BROKEN_OFF.has(error.code) || attempt >= Number(ATTEMPTS)) throw error;
      result.repeated += 1;
    }
  }
}

async function send(by, name, command, read = (answer) => answer) {
  const started = performance.now();
  try {
    return await sendAndRead(by, command, read);
  } catch (error) {
    const took = Math.round(performance.now() - started);
    const status = error.$metadata?.httpStatusCode ?? '-';
    const text = `${new Date().toISOString()} ${name} after ${took} ms: ${error.name} ${error.code ?? ''} ${status}: ${error.message}`;
    if (result.failures.length < 50) result.failures.push(text);
    return undefined;
  } finally {
    result.requests += 1;
    if (name !== 'slow get') result.slowestMs = Math.max(result.slowestMs, Math.round(performance.now() - started));
  }
}

async function writeAndRead(by, name, pauseMs) {
  for (let turn = 0; ; turn++) {
    const Body = randomBytes(turn % 10 === 0 ? 200_000 : 3000);
    const object = { Bucket, Key: `${folder}${name}/${turn % 20}` };
    const written = await send(by, `${name} put`, new PutObjectCommand({ ...object, Body }));
    if (written === undefined) continue;
    const read = (answer) => answer.Body.transformToByteArray();
    const got = await send(by, `${name} get`, new GetObjectCommand(object), read);
    if (got && !Body.equals(got)) result.failures.push(`${name}: ${object.Key} is not what was written`);
    if (turn % 10 === 0)
      await send(by, `${name} list`, new ListObjectsV2Command({ Bucket, Prefix: `${folder}${name}/` }));
    await delay(pauseMs);
  }
}

/** Requests that are in their middle when something happens. */
async function readSlowly(by) {
  const object = { Bucket, Key: `${folder}long` };
  const Body = randomBytes(6 << 20);
  while ((await send(by, 'long put', new PutObjectCommand({ ...object, Body }))) === undefined);
  for (;;) {
    await send(by, 'slow get', new GetObjectCommand(object), async (answer) => {
      let bytes = 0;
      for await (const chunk of answer.Body) {
        bytes += chunk.length;
        await delay(20);
      }
      if (bytes !== Body.length) throw new Error(`ended after ${bytes} bytes`);
      return answer;
    });
  }
}

async function uploadInParts(by) {
  const part = randomBytes(5 << 20);
  for (let turn = 0; ; turn++) {
    const object = { Bucket, Key: `${folder}parts/${turn % 3}` };
    const upload = await send(by, 'create upload', new CreateMultipartUploadCommand(object));
    if (upload === undefined) continue;
    const { UploadId } = upload;
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const piece = { ...object, UploadId, PartNumber, Body: PartNumber === 1 ? part : part.subarray(0, 1000) };
      const uploaded = await send(by, 'upload part', new UploadPartCommand(piece));
      if (uploaded !== undefined) Parts.push({ PartNumber, ETag: uploaded.ETag });
      await delay(1000);
    }
    // The part that failed has been told of; a completion without it would fail for no other reason.
    if (Parts.length < 2) continue;
    const whole = { ...object, UploadId, MultipartUpload: { Parts } };
    await send(by, 'complete upload', new CompleteMultipartUploadCommand(whole));
  }
}

const kept = client(true);
for (const number of [1, 2]) void writeAndRead(kept, `kept-${number}`, 50);
// Connections that fall idle for a while in between.
void writeAndRead(client(true), 'idling', 700);
void writeAndRead(client(false), 'fresh', 50);
void readSlowly(client(false));
void uploadInParts(client(true));
setInterval(() => {
  console.log(JSON.stringify(result));
  result.slowestMs = 0;
}, 500);
