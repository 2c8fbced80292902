import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatAccessLogLine } from '../../src/observability/access-log.js';
import { exchangeBytes, RawConnection } from '../support/raw-connection.js';
import { postForm } from '../support/post-form.js';
import { signedRequest, signHead } from '../support/raw-request.js';
import { fullGrant, MAIN, startGateway, type RunningGateway } from '../support/running-gateway.js';

const Bucket = 'photos';
const Body = 'hello';

describe('the access log', () => {
  let gateway: RunningGateway;
  beforeAll(async () => {
    const grants = [fullGrant(MAIN)];
    gateway = await startGateway({
      buckets: new Map([[Bucket, { name: Bucket, path: '/', grants, anonymous: 'none' }]]),
    });
  });
  afterAll(() => gateway[Symbol.asyncDispose]());

  /** The line of the request that an action ends with. */
  async function lineOf(action: () => Promise<unknown>): Promise<Record<string, unknown>> {
    const { records } = gateway.observer;
    const before = records.length;
    await action();
    await expect.poll(() => records.length).toBeGreaterThan(before);
    return JSON.parse(formatAccessLogLine(records.at(-1)!)) as Record<string, unknown>;
  }

  it('has the size of the object that was read or made', async () => {
    const client = gateway.client();
    expect(await lineOf(() => client.send(new PutObjectCommand({ Bucket, Key: 'a', Body })))).toMatchObject({
      operation: 'PutObject',
      objectSize: 5,
    });
    expect(await lineOf(() => client.send(new HeadObjectCommand({ Bucket, Key: 'a' })))).toMatchObject({
      operation: 'HeadObject',
      objectSize: 5,
    });
    const get = new GetObjectCommand({ Bucket, Key: 'a', Range: 'bytes=0-1' });
    expect(await lineOf(async () => (await client.send(get)).Body?.transformToString())).toMatchObject({
      operation: 'GetObject',
      bytesSent: 2,
      objectSize: 5,
    });
    const copy = new CopyObjectCommand({ Bucket, Key: 'b', CopySource: `${Bucket}/a` });
    expect(await lineOf(() => client.send(copy))).toMatchObject({ operation: 'CopyObject', objectSize: 5 });
  });

  it('has the size of an object that was made of parts', async () => {
    const client = gateway.client();
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'm' }));
    const { ETag } = await client.send(new UploadPartCommand({ Bucket, Key: 'm', UploadId, PartNumber: 1, Body }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    const complete = new CompleteMultipartUploadCommand({ Bucket, Key: 'm', UploadId, MultipartUpload });
    expect(await lineOf(() => client.send(complete))).toMatchObject({
      operation: 'CompleteMultipartUpload',
      objectSize: 5,
    });
  });

  it('counts the bytes of a body whose length nobody said before its end', async () => {
    const stream = new PutObjectCommand({ Bucket, Key: 's', Body: Readable.from([Body, Body]), ContentLength: 10 });
    stream.middlewareStack.add(
      (next) => (args) => {
        delete (args.request as { headers: Record<string, string> }).headers['content-length'];
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const line = await lineOf(() => gateway.client().send(stream));
    expect(line).toMatchObject({ httpStatus: 200, objectSize: 10 });
    // The signed chunks come on top.
    expect(line['bytesReceived']).toBeGreaterThan(10);
  });

  it('has a refused upload as soon as it is answered, though its client may still send the body', async () => {
    const { records } = gateway.observer;
    const before = records.length;
    const request = { method: 'PUT', target: `/${Bucket}/a`, length: 11, payload: 'UNSIGNED-PAYLOAD' };
    const refused = { ...MAIN, secretAccessKey: 'wrong' };
    const { head } = await signHead({ ...request, unsigned: { expect: '100-continue' } }, refused);
    await using connection = await RawConnection.open(gateway.port);
    expect(await connection.write(head).response()).toMatchObject({ status: 403, code: 'SignatureDoesNotMatch' });
    expect(records.slice(before)).toMatchObject([{ status: 403, bytesIn: 0 }]);
  });

  it('counts what came of a body that broke off, and neither its headers nor what the connection was used for before', async () => {
    const request = { method: 'PUT', target: `/${Bucket}/b` };
    const { head } = await signHead({ ...request, payload: 'UNSIGNED-PAYLOAD', length: 1000 }, MAIN);
    await using connection = await RawConnection.open(gateway.port);
    const whole = connection.write(await signedRequest({ ...request, body: Buffer.alloc(2000) }, MAIN));
    expect(await whole.response()).toMatchObject({ status: 200 });
    const line = await lineOf(async () => {
      connection.write(head).write('hello').socket.end();
      await connection.closed();
    });
    expect(line).toMatchObject({ errorCode: 'IncompleteBody', bytesReceived: 5 });
  });

  it('says who sent a form', async () => {
    const form = postForm({ bucket: Bucket, identity: MAIN, fields: { key: 'f' }, file: Body });
    expect(await lineOf(() => exchangeBytes(gateway.port, form, 'POST'))).toMatchObject({
      operation: 'PostObject',
      httpStatus: 204,
      requester: 'main',
      accessKeyId: 'MAINKEY',
      authenticationType: 'PostPolicy',
      signatureVersion: 'SigV4',
      objectSize: 5,
    });
  });

  it('does not say that a form is from whom it claims to be', async () => {
    const form = postForm({ bucket: Bucket, identity: { ...MAIN, secretAccessKey: 'wrong' }, fields: { key: 'f' } });
    expect(await lineOf(() => exchangeBytes(gateway.port, form, 'POST'))).toMatchObject({
      errorCode: 'SignatureDoesNotMatch',
      requester: '-',
      authenticationType: '-',
    });
  });
});
