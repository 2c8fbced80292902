import dns from 'node:dns';
import { hash } from 'node:crypto';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { mappedBucket, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { S3Proxy } from '../support/s3-proxy.js';
import { makeUpstreamBucket, upstreamOptions } from '../support/s3-upstream.js';

const DOMAIN = 's3.test';

/** Lets the names of a domain lead to this machine. */
function resolveDomain(): void {
  const { lookup } = dns;
  const spy = (...given: unknown[]): void => {
    const [hostname, ...rest] = given as [string, ...unknown[]];
    const ours = hostname === DOMAIN || hostname.endsWith(`.${DOMAIN}`);
    (lookup as (...all: unknown[]) => void)(ours ? '127.0.0.1' : hostname, ...rest);
  };
  vi.spyOn(dns, 'lookup').mockImplementation(spy);
}

describe('an upstream S3 that is addressed by virtual hosts', () => {
  let upstream: RunningGateway;
  let proxy: S3Proxy;
  let gateway: RunningGateway;
  let client: S3Client;

  beforeAll(async () => {
    resolveDomain();
    upstream = await startGateway({ domains: [DOMAIN], identities: new Map([[OTHER.accessKeyId, OTHER]]) });
    proxy = await S3Proxy.before(upstream.endpoint);
    await makeUpstreamBucket({ endpoint: upstream.endpoint, ...OTHER }, 'upstream');
    const endpoint = `http://${DOMAIN}:${new URL(proxy.endpoint).port}`;
    const s3 = upstreamOptions({ endpoint, ...OTHER }, { addressingStyle: 'virtual', prefix: 'kept/' });
    gateway = await startGateway({
      storages: [
        { mount: '/up', s3 },
        { mount: '/linked', s3: { ...s3, redirectReads: true } },
      ],
      buckets: new Map([mappedBucket('team', '/up/team'), mappedBucket('linked', '/linked/team', 'read')]),
    });
    client = gateway.client();
  });
  beforeEach(() => proxy.reset());
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await upstream[Symbol.asyncDispose]();
    vi.restoreAllMocks();
  });

  /** That each request had the bucket in its host and nowhere else. */
  function expectVirtualHosts(): void {
    expect(proxy.seen.length).toBeGreaterThan(0);
    const { port } = new URL(proxy.endpoint);
    for (const { headers, url } of proxy.seen) {
      expect(headers.host).toBe(`upstream.${DOMAIN}:${port}`);
      expect(url.startsWith('/upstream')).toBe(false);
    }
  }

  it('stores, lists, reads and deletes', async () => {
    const keys = ['a b+c/é', 'z'];
    for (const Key of keys) await client.send(new PutObjectCommand({ Bucket: 'team', Key, Body: `of ${Key}` }));
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'team' }));
    expect(Contents.map(({ Key }) => Key)).toEqual(keys);
    for (const Key of keys) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: 'team', Key }));
      expect(await Body?.transformToString()).toBe(`of ${Key}`);
    }
    const Objects = keys.map((Key) => ({ Key }));
    const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket: 'team', Delete: { Objects } }));
    expect(Errors).toBeUndefined();
    expect((await client.send(new ListObjectsV2Command({ Bucket: 'team' }))).KeyCount).toBe(0);
    expectVirtualHosts();
  });

  it('copies by itself', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'team', Key: 'source', Body: 'content' }));
    proxy.reset();
    const copy = new CopyObjectCommand({ Bucket: 'team', Key: 'copy', CopySource: 'team/source' });
    expect((await client.send(copy)).CopyObjectResult?.ETag).toBe(`"${hash('md5', 'content')}"`);
    expectVirtualHosts();
    expect(proxy.seen.map(({ headers }) => headers['x-amz-copy-source']).filter(Boolean)).toEqual([
      'upstream/kept/team/source',
    ]);
  });

  it('takes uploads in parts', async () => {
    const named = { Bucket: 'team', Key: 'parts' };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand(named));
    const { ETag } = await client.send(new UploadPartCommand({ ...named, UploadId, PartNumber: 1, Body: 'part' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await client.send(new CompleteMultipartUploadCommand({ ...named, UploadId, MultipartUpload }));
    expect(await (await client.send(new GetObjectCommand(named))).Body?.transformToString()).toBe('part');
    expectVirtualHosts();
  });

  it('has readers redirected to it', async () => {
    await client.send(new PutObjectCommand({ Bucket: 'linked', Key: 'far', Body: 'bytes' }));
    const answer = await fetch(`${gateway.endpoint}/linked/far`, { redirect: 'manual' });
    const location = new URL(answer.headers.get('location') ?? '');
    expect([answer.status, location.hostname, location.pathname]).toEqual([
      307,
      `upstream.${DOMAIN}`,
      '/kept/team/far',
    ]);
    expect(await (await fetch(location)).text()).toBe('bytes');
  });
});
