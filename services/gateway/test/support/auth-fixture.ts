import type { IncomingMessage } from 'node:http';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Sha256 } from '@aws-crypto/sha256-js';
import type { Identity } from '../../src/auth/identity.js';
import type { Snapshot } from '../../src/config/snapshot.js';
import { parseBucketName } from '../../src/http/bucket-name.js';
import { HeaderMap } from '../../src/http/header-map.js';
import { parseObjectKey } from '../../src/http/object-key.js';
import { decodePercent } from '../../src/http/percent-encoding.js';
import { QueryParameters } from '../../src/http/query-parameters.js';
import type { S3Path } from '../../src/http/s3-path.js';
import type { S3Request } from '../../src/http/s3-request.js';

/** The credentials of AWS's published examples. */
export const EXAMPLE: Identity = {
  name: 'example',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};

/** When those examples were signed. */
export const EXAMPLE_TIME: Date = new Date('2013-05-24T00:00:00Z');

export function authSnapshot(versions: readonly ('v4' | 'v2')[] = ['v4', 'v2'], identities = [EXAMPLE]): Snapshot {
  return {
    generation: 1,
    region: 'us-east-1',
    domains: [],
    signatureVersions: new Set(versions),
    storages: [],
    identities: new Map(identities.map((identity) => [identity.accessKeyId, identity])),
    buckets: new Map(),
  };
}

/** A request as it came over the wire. */
export interface WireRequest {
  readonly method: string;
  /** Path and query, encoded. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The bucket that the host names. */
  readonly hostBucket?: string;
  readonly now?: Date;
}

export function wireRequest(wire: WireRequest): S3Request {
  const at = wire.target.indexOf('?');
  const rawPath = at < 0 ? wire.target : wire.target.slice(0, at);
  const rawQuery = at < 0 ? '' : wire.target.slice(at + 1);
  return {
    id: 'TEST',
    method: wire.method,
    path: pathOf(rawPath, wire.hostBucket),
    query: QueryParameters.parse(rawQuery),
    headers: HeaderMap.parse(Object.entries(wire.headers).flat()),
    rawPath,
    rawQuery,
    virtualHosted: wire.hostBucket !== undefined,
    remoteAddress: '127.0.0.1',
    secure: false,
    receivedAt: wire.now ?? EXAMPLE_TIME,
    raw: {} as IncomingMessage,
    sendContinue: () => {},
  };
}

function pathOf(rawPath: string, hostBucket: string | undefined): S3Path {
  const path = hostBucket === undefined ? rawPath.slice(1) : `${hostBucket}${rawPath}`;
  const slash = path.indexOf('/');
  const bucket = slash < 0 ? path : path.slice(0, slash);
  if (bucket === '') return { kind: 'root' };
  const key = slash < 0 ? '' : decodePercent(path.slice(slash + 1));
  if (key === '') return { kind: 'bucket', bucket: parseBucketName(bucket) };
  return { kind: 'object', bucket: parseBucketName(bucket), key: parseObjectKey(key) };
}

/** Signs with the AWS SDK's own signer, as S3 clients set it up. */
export function oracle(identity: Identity = EXAMPLE): SignatureV4 {
  return new SignatureV4({
    credentials: identity,
    region: 'us-east-1',
    service: 's3',
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: false,
  });
}

/** What {@link oracle} takes, from what goes over the wire. */
export function oracleRequest(wire: WireRequest): HttpRequest {
  const { rawPath, query } = wireRequest(wire);
  const parameters = new Map<string, string[]>();
  for (const { name, value } of query.list) parameters.set(name, [...(parameters.get(name) ?? []), value]);
  return new HttpRequest({
    method: wire.method,
    protocol: 'http:',
    hostname: wire.headers['host'] ?? '',
    path: rawPath,
    query: Object.fromEntries(parameters),
    headers: { ...wire.headers },
  });
}

export const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Signs a request by header with the oracle. */
export async function signByHeader(wire: WireRequest, identity?: Identity): Promise<WireRequest> {
  const headers = { 'x-amz-content-sha256': EMPTY_SHA256, ...wire.headers };
  const signed = await oracle(identity).sign(oracleRequest({ ...wire, headers }), {
    signingDate: wire.now ?? EXAMPLE_TIME,
  });
  return { ...wire, headers: signed.headers };
}

/** Makes a presigned request with the oracle. */
export async function presign(wire: WireRequest, expiresIn = 3600, identity?: Identity): Promise<WireRequest> {
  const pinned = Object.keys(wire.headers).some((name) => name.toLowerCase() === 'x-amz-content-sha256');
  const headers = pinned ? wire.headers : { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD', ...wire.headers };
  const signed = await oracle(identity).presign(oracleRequest({ ...wire, headers }), {
    expiresIn,
    signingDate: wire.now ?? EXAMPLE_TIME,
  });
  return { ...wire, target: `${signed.path}?${encodeQuery(signed.query)}`, headers: signed.headers };
}

function encodeQuery(query: HttpRequest['query'] = {}): string {
  const pieces: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) {
      pieces.push(`${encodeURIComponent(name)}=${encodeURIComponent(one)}`);
    }
  }
  return pieces.join('&');
}
