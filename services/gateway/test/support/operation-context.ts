import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import { Access } from '../../src/auth/access.js';
import type { Identity, Principal } from '../../src/auth/identity.js';
import type { BucketMapping } from '../../src/config/snapshot.js';
import { S3Error } from '../../src/errors/s3-error.js';
import type { BucketName } from '../../src/http/bucket-name.js';
import { HeaderMap } from '../../src/http/header-map.js';
import { parseObjectKey } from '../../src/http/object-key.js';
import { QueryParameters } from '../../src/http/query-parameters.js';
import type { S3Response } from '../../src/http/s3-response.js';
import { Buckets, type Bucket } from '../../src/objects/buckets.js';
import type { Observed } from '../../src/http/observed.js';
import type { ObjectContext } from '../../src/operations/operation.js';
import { MemoryObjectStore } from './memory-object-store.js';

export const ALICE: Identity = { name: 'alice', accessKeyId: 'ALICEKEY', secretAccessKey: 'secret' };

/** Two buckets of alice, `photos` and `films`, and one that is not hers, `private`. */
export class MemoryBuckets extends Buckets {
  readonly photos = bucket('photos', true);
  readonly films = bucket('films', true);
  readonly private = bucket('private', false);

  override findRecent(name: BucketName): Bucket {
    return this.find(name);
  }

  find(name: BucketName): Bucket {
    const found = [this.photos, this.films, this.private].find((candidate) => candidate.name === name);
    if (found === undefined) throw new S3Error('NoSuchBucket');
    return found;
  }

  list = (): never => unused();
  create = (): never => unused();
  delete = (): never => unused();
}

/** A bucket in memory. */
export interface MemoryBucket extends Bucket {
  readonly store: MemoryObjectStore;
}

function bucket(name: string, alice: boolean): MemoryBucket {
  const mapping: BucketMapping = {
    name,
    path: `/${name}`,
    anonymous: 'none',
    grants: alice
      ? [{ accessKeyId: ALICE.accessKeyId, permissions: new Set(['read', 'write', 'list']), prefix: '' }]
      : [],
  };
  const store = new MemoryObjectStore();
  return {
    name: name as BucketName,
    mapping,
    store,
    confirm: () => undefined,
    settings: () => ({}),
    changeSettings: unused,
  };
}

function unused(): never {
  throw new Error('not used by these specs');
}

export const access = new Access();

/** What a spec says of a request. */
export interface RequestFacts {
  readonly bucket: Bucket;
  readonly key?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly principal?: Principal;
}

/** For an operation to write to. */
export function blank(): Observed {
  return { objectSize: undefined, principal: undefined, scheme: undefined };
}

/** A context as the dispatcher would make it. */
export function contextOf({ bucket: found, key: name, query, headers, body, principal }: RequestFacts): ObjectContext {
  const key = parseObjectKey(name ?? 'key');
  const bytes = Buffer.from(body ?? '');
  const rawHeaders = Object.entries({ 'content-length': String(bytes.length), ...headers }).flat();
  return {
    bucket: found,
    key,
    principal: principal ?? ALICE,
    framing: { kind: 'plain' },
    observed: blank(),
    request: {
      id: 'REQUEST1',
      method: 'GET',
      path: { kind: 'object', bucket: found.name, key },
      query: QueryParameters.parse(query ?? ''),
      headers: HeaderMap.parse(rawHeaders),
      rawPath: `/${found.name}/${key}`,
      rawQuery: query ?? '',
      virtualHosted: false,
      remoteAddress: '127.0.0.1',
      secure: false,
      receivedAt: new Date(),
      raw: Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false }) as IncomingMessage,
      sendContinue: () => undefined,
    },
  };
}

/** A response header by name in any case. */
export function headerOf(response: S3Response, name: string): string | undefined {
  const at = response.headers.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name.toLowerCase());
  return at < 0 ? undefined : response.headers[at + 1];
}

/** The body of a response as text; closes its reader. */
export async function textOf({ body }: S3Response): Promise<string> {
  if (body === undefined) return '';
  if (typeof body === 'string' || Buffer.isBuffer(body)) return body.toString();
  const pieces: Buffer[] = [];
  const buffer = Buffer.alloc(4);
  for (let n = await body.reader.read(buffer); n > 0; n = await body.reader.read(buffer)) {
    pieces.push(Buffer.from(buffer.subarray(0, n)));
  }
  await body.reader.close();
  return Buffer.concat(pieces).toString();
}

/** The code of the S3 error that an action throws. */
export async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (error instanceof S3Error) return error.code;
    throw error;
  }
}
