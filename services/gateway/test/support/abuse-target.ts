import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import type { Identity } from '../../src/auth/identity.js';
import type { BucketMapping, Snapshot } from '../../src/config/snapshot.js';
import { parseXml } from '../../src/xml/xml-reader.js';
import { exchangeBytes, RawConnection, type RawResponse } from './raw-connection.js';
import { plainRequest, presignedRequest, signedRequest, type RawRequest } from './raw-request.js';
import { MAIN, OTHER, fullGrant, startGateway, type RunningGateway } from './running-gateway.js';

/** What lies in the bucket `victim` before anybody attacks, under the key `old`. */
export const OLD = 'the old bytes';

/**
 * A gateway to attack: the buckets `victim` (of `main`), `theirs` (of `other`, with the object `secret`) and `public` (of `main`,
 * which everybody may read and list, with the object `page`). After an attack, {@link unharmed} says whether anything came of it.
 */
export class AbuseTarget implements AsyncDisposable {
  private constructor(
    readonly gateway: RunningGateway,
    private before: ReadonlyMap<string, string>,
  ) {}

  static async start(change: Partial<Snapshot> = {}, buckets: readonly BucketMapping[] = []): Promise<AbuseTarget> {
    const all = [
      mapping('victim', [fullGrant(MAIN)]),
      mapping('theirs', [fullGrant(OTHER)]),
      { ...mapping('public', [fullGrant(MAIN)]), anonymous: 'read-list' as const },
      ...buckets,
    ];
    const gateway = await startGateway({ buckets: new Map(all.map((bucket) => [bucket.name, bucket])), ...change });
    for (const { path } of all) await mkdir(join(gateway.root, path), { recursive: true });
    await writeFile(join(gateway.root, 'victim/old'), OLD);
    await writeFile(join(gateway.root, 'theirs/secret'), 'their secret bytes');
    await writeFile(join(gateway.root, 'public/page'), 'a public page');
    return new AbuseTarget(gateway, await filesBelow(gateway.root));
  }

  get port(): number {
    return this.gateway.port;
  }

  /** Sends bytes over a connection of their own and reads one answer. */
  send(bytes: string | Buffer, method?: string): Promise<RawResponse> {
    return exchangeBytes(this.port, bytes, method);
  }

  connect(): Promise<RawConnection> {
    return RawConnection.open(this.port);
  }

  /** Sends a request that is signed by header. */
  async signed(request: RawRequest, identity: Identity = MAIN): Promise<RawResponse> {
    return this.send(await signedRequest(request, identity), request.method);
  }

  async presigned(request: RawRequest, identity: Identity = MAIN, expiresIn?: number): Promise<RawResponse> {
    return this.send(await presignedRequest(request, identity, expiresIn), request.method);
  }

  anonymous(request: RawRequest): Promise<RawResponse> {
    return this.send(plainRequest(request), request.method);
  }

  /** A page of a listing, read as XML by a parser that takes no malformed one. */
  async list(bucket: string, query = ''): Promise<{ Contents: string[]; Next: string | undefined }> {
    const { body } = await this.signed({ target: `/${bucket}?list-type=2${query}` });
    const root = parseXml(body, 'ListBucketResult');
    const Contents = root.children('Contents').map((entry) => entry.text('Key'));
    return { Contents, Next: root.optionalText('NextContinuationToken') };
  }

  /** Puts a file below the storage's root, past the gateway, and takes it as given from now on. */
  async plant(path: string, content: string | Buffer): Promise<void> {
    const file = join(this.gateway.root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    this.before = await filesBelow(this.gateway.root);
  }

  /** The bytes of a file below the storage's root. */
  read(path: string): Promise<Buffer> {
    return readFile(join(this.gateway.root, path));
  }

  /** Nothing was stored or lost, no temporary file is left, and the gateway serves the next client. */
  async unharmed(): Promise<void> {
    await expect.poll(() => temporariesBelow(this.gateway.root)).toEqual([]);
    const { before } = this;
    this.before = await filesBelow(this.gateway.root);
    expect(this.before).toEqual(before);
    await this.alive();
  }

  /** The gateway serves the next client, and no temporary file is left. */
  async alive(): Promise<void> {
    await expect.poll(() => temporariesBelow(this.gateway.root)).toEqual([]);
    const { status, body } = await this.signed({ target: '/victim/old' });
    expect([status, body.toString()]).toEqual([200, OLD]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]();
  }
}

export function mapping(name: string, grants: BucketMapping['grants'], path = `/${name}`): BucketMapping {
  return { name, path, grants, anonymous: 'none' };
}

/** Every file that a client could see, with its content. */
async function filesBelow(root: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !path.startsWith(join(root, '.bucketway/'))) files.set(path, await readFile(path, 'latin1'));
  }
  return files;
}

/** What is left of uploads that did not end well. */
export async function temporariesBelow(root: string): Promise<string[]> {
  const left: string[] = [];
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const temporary = path.startsWith(join(root, '.bucketway/tmp/')) || entry.name.startsWith('.bucketway-');
    if (temporary && entry.isFile()) left.push(path);
  }
  return left;
}
