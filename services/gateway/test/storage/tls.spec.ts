import { randomBytes } from 'node:crypto';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../src/config/load-configuration.js';
import type { BucketMapping } from '../../src/config/snapshot.js';
import { fullGrant, MAIN, OTHER, startGateway, type RunningGateway } from '../support/running-gateway.js';
import { makeUpstreamBucket } from '../support/s3-upstream.js';
import { startStandIn } from '../support/stand-in-webdav.js';
import { hasOpenssl, makeCertificate, TlsFront, type TestCertificate } from '../support/tls-front.js';
import { WEBDAV_USER, type WebdavServer } from '../support/webdav-server.js';

const LARGE = randomBytes(3 * 1024 * 1024 + 7);

interface Storage {
  readonly kind: string;
  /** A flow mapping of YAML, without the CA. */
  readonly fields: () => string;
  readonly front: () => TlsFront;
}

describe.skipIf(!hasOpenssl())('storages behind TLS (needs openssl)', () => {
  let certificate: TestCertificate;
  let dav: WebdavServer;
  let s3: RunningGateway;
  let fronts: { readonly dav: TlsFront; readonly s3: TlsFront };

  beforeAll(async () => {
    certificate = makeCertificate();
    dav = await startStandIn();
    s3 = await startGateway({ identities: new Map([[OTHER.accessKeyId, OTHER]]) });
    await makeUpstreamBucket({ endpoint: s3.endpoint, ...OTHER }, 'upstream');
    fronts = { dav: await TlsFront.before(dav.url, certificate), s3: await TlsFront.before(s3.endpoint, certificate) };
  });
  afterAll(async () => {
    for (const front of Object.values(fronts)) await front[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
    await dav.stop();
    certificate[Symbol.dispose]();
  });

  const storages: readonly Storage[] = [
    {
      kind: 'webdav',
      front: () => fronts.dav,
      fields: () =>
        `url: '${fronts.dav.origin}${new URL(dav.url).pathname}', username: ${WEBDAV_USER.username}, password: '${WEBDAV_USER.password}', retries: 0`,
    },
    {
      kind: 's3',
      front: () => fronts.s3,
      fields: () =>
        `endpoint: '${fronts.s3.origin}', bucket: upstream, accessKeyId: ${OTHER.accessKeyId}, secretAccessKey: ${OTHER.secretAccessKey}, retries: 0`,
    },
  ];

  describe.each(storages)('$kind', ({ kind, fields, front }) => {
    async function start(ca: string): Promise<{ gateway: RunningGateway; client: S3Client }> {
      const text = `storages: [{mount: /, ${kind}: {${fields()}${ca}}}]`;
      const { storages: parsed } = parseConfiguration(text, '/nowhere/bucketway.yaml');
      const bucket: BucketMapping = { name: 'team', path: '/team', grants: [fullGrant(MAIN)], anonymous: 'none' };
      const gateway = await startGateway({ storages: parsed, buckets: new Map([['team', bucket]]) });
      return { gateway, client: gateway.client(MAIN, { maxAttempts: 1 }) };
    }

    it('are served where the authority is trusted by caFile', async () => {
      const { gateway, client } = await start(`, caFile: '${certificate.caFile}'`);
      await using _ = gateway;
      for (const Body of ['small', LARGE]) {
        await client.send(new PutObjectCommand({ Bucket: 'team', Key: 'a/b', Body, Metadata: { m: '1' } }));
        const got = await client.send(new GetObjectCommand({ Bucket: 'team', Key: 'a/b' }));
        expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(Buffer.from(Body))).toBe(true);
        expect(got.Metadata).toEqual({ m: '1' });
      }
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'team' }));
      expect(Contents.map(({ Key }) => Key)).toEqual(['a/b']);
      expect(front().connections).toBeGreaterThan(0);
    });

    it('are refused without, whatever the environment says, and nothing is sent', async () => {
      const before = front().connections;
      const { gateway, client } = await start('');
      await using _ = gateway;
      const put = client.send(new PutObjectCommand({ Bucket: 'team', Key: 'refused', Body: 'x' }));
      const error: unknown = await put.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(S3ServiceException);
      expect((error as S3ServiceException).$metadata.httpStatusCode).toBe(503);
      expect((error as S3ServiceException).name).toBe('ServiceUnavailable');
      expect(front().connections).toBe(before);
    });
  });
});
