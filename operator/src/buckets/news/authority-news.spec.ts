import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Bucket, S3BucketSecretFormat } from '@bucketway/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../../test/support/kube-api-certificates.js';
import { ManualClock } from '../../../test/support/manual-clock.js';
import type { ClusterCache } from '../../cluster/cluster-cache.js';
import { EndpointAuthority } from '../../credentials/endpoint-authority.js';
import type { BucketQueue } from '../bucket-queue.js';
import { AuthorityNews } from './authority-news.js';

function bucket(name: string, formats?: S3BucketSecretFormat[]): S3Bucket {
  return {
    metadata: { namespace: 'team', name, uid: name },
    spec: { credentials: { formats } },
  } as unknown as S3Bucket;
}

describe('AuthorityNews', () => {
  let folder: string;
  let file: string;
  let renewed: string;
  let queued: string[];
  let clock: ManualClock;
  let authority: EndpointAuthority;
  let news: AuthorityNews;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authority-'));
    file = (await CertificateAuthority.create(join(folder, 'first'))).certificate;
    renewed = await readFile((await CertificateAuthority.create(join(folder, 'second'))).certificate, 'utf8');
    queued = [];
    clock = new ManualClock();
    authority = new EndpointAuthority({ endpointCaFile: file });
    const buckets = [bucket('files', ['AWS', 'Files']), bucket('plain', ['AWS']), bucket('usual')];
    const cache = { s3Buckets: { values: () => buckets.values() } } as unknown as ClusterCache;
    const queue = { add: (key: string) => void queued.push(key) } as BucketQueue;
    news = new AuthorityNews(authority, cache, queue, clock);
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('brings passes to those that hand it on, once for each renewal', async () => {
    news.follow();
    await clock.advance(60_000);
    expect(queued).toEqual([]);
    await writeFile(file, renewed);
    await clock.advance(60_000);
    expect(queued).toEqual(['team/files']);
    expect(authority.pem).toBe(renewed);
  });

  it('sees at once what changed before it looked for the first time', async () => {
    await writeFile(file, renewed);
    news.follow();
    expect(queued).toEqual(['team/files']);
  });

  it.each([
    ['is gone', async () => await rm(file)],
    ['is empty', async () => await writeFile(file, '')],
    ['holds no certificate', async () => await writeFile(file, 'soon')],
  ])('keeps what apps have where the file %s, until there is another one', async (_, breakFile) => {
    const before = authority.pem;
    news.follow();
    await breakFile();
    await clock.advance(60_000);
    expect([queued, authority.pem]).toEqual([[], before]);
    await writeFile(file, renewed);
    await clock.advance(60_000);
    expect(queued).toEqual(['team/files']);
  });

  it('looks no more once it is told to stop, nor where no authority is configured', async () => {
    news.follow();
    news.stop();
    await writeFile(file, renewed);
    await clock.advance(60_000);
    expect(queued).toEqual([]);
    new AuthorityNews(new EndpointAuthority({}), {} as ClusterCache, {} as BucketQueue, clock).follow();
    expect(clock.pending).toBe(0);
  });
});
