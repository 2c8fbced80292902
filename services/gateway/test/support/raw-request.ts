import { createHash, createHmac } from 'node:crypto';
import { HttpRequest } from '@smithy/protocol-http';
import type { Identity } from '../../src/auth/identity.js';
import { encodePercent } from '../../src/http/percent-encoding.js';
import { QueryParameters } from '../../src/http/query-parameters.js';
import { oracle } from './auth-fixture.js';

type Headers = Readonly<Record<string, string>>;

/** A request to sign and to send; what is not said is as a plain client would have it. */
export interface RawRequest {
  readonly method?: string;
  /** Path and query, as they go over the wire. */
  readonly target: string;
  readonly host?: string;
  /** Signed. */
  readonly headers?: Headers;
  /** Sent, but not signed. */
  readonly unsigned?: Headers;
  readonly body?: string | Buffer;
  /** `x-amz-content-sha256`; the SHA-256 of the body unless given. */
  readonly payload?: string;
  /** Content-Length; that of the body unless given. */
  readonly length?: number | string | undefined;
  readonly at?: Date;
  /** Changes what was signed, before it is sent. */
  readonly tamper?: (headers: Record<string, string>) => void;
}

/** What the signature of a request was made of; chunks are signed on from it. */
export interface SignedHead {
  readonly head: string;
  readonly signature: string;
  readonly date: string;
}

export function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The head of a request, signed by header with the SDK's own signer. */
export async function signHead(request: RawRequest, identity: Identity): Promise<SignedHead> {
  const { method = 'GET', target, host = 's3.test', body = '', at = new Date(), unsigned = {} } = request;
  const payload = request.payload ?? sha256(body);
  const headers = { host, 'x-amz-content-sha256': payload, ...request.headers };
  const signed = await oracle(identity).sign(toHttpRequest(method, target, headers), { signingDate: at });
  const all: Record<string, string> = { ...signed.headers, ...unsigned };
  request.tamper?.(all);
  const signature = /Signature=([0-9a-f]+)/.exec(all['authorization'] ?? '')?.[1] ?? '';
  return { head: formatHead(method, target, withLength(all, request)), signature, date: all['x-amz-date'] ?? '' };
}

/** A whole request, signed by header. */
export async function signedRequest(request: RawRequest, identity: Identity): Promise<Buffer> {
  const { head } = await signHead(request, identity);
  return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(request.body ?? '')]);
}

/** A whole request without any signature. */
export function plainRequest(request: RawRequest): Buffer {
  const { method = 'GET', target, host = 's3.test', body = '' } = request;
  const headers = withLength({ host, ...request.headers, ...request.unsigned }, request);
  return Buffer.concat([Buffer.from(formatHead(method, target, headers), 'latin1'), Buffer.from(body)]);
}

/**
 * The target of a presigned URL; `headers` are signed with it and must be sent. It does not say what the payload is, as those
 * of boto3 and most others do not, unless `target` has the parameter.
 */
export async function presignTarget(request: RawRequest, identity: Identity, expiresIn = 600): Promise<string> {
  const { method = 'GET', target, host = 's3.test', at = new Date() } = request;
  const payload = 'x-amz-content-sha256';
  const headers = { host, [payload]: request.payload ?? 'UNSIGNED-PAYLOAD', ...request.headers };
  const { query } = await oracle(identity).presign(toHttpRequest(method, target, headers), {
    expiresIn,
    signingDate: at,
    unhoistableHeaders: new Set([payload, ...Object.keys(request.headers ?? {})]),
    ...(request.headers?.[payload] === undefined && { unsignableHeaders: new Set([payload]) }),
  });
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return `${request.target.split('?', 1)[0]}?${pairs.join('&')}`;
}

/** A presigned request: nothing but `host` is signed, and the rest is whatever the holder of the URL likes. */
export async function presignedRequest(request: RawRequest, identity: Identity, expiresIn = 600): Promise<Buffer> {
  return plainRequest({ ...request, target: await presignTarget(request, identity, expiresIn) });
}

/** How the chunks of an aws-chunked body are signed and what follows them. */
export interface ChunkOptions {
  readonly trailer?: string;
  readonly identity: Identity;
}

/** Frames and signs chunks as SigV4 has it, each an element, the final one with its trailer last. */
export function signChunks(payloads: readonly Buffer[], seed: SignedHead, options: ChunkOptions): Buffer[] {
  const scope = `${seed.date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(
    (before, step) => createHmac('sha256', before).update(step).digest(),
    createHmac('sha256', `AWS4${options.identity.secretAccessKey}`).update(seed.date.slice(0, 8)).digest(),
  );
  let previous = seed.signature;
  const next = (kind: string, rest: string): string => {
    const text = `AWS4-HMAC-SHA256-${kind}\n${seed.date}\n${scope}\n${previous}\n${rest}`;
    return (previous = createHmac('sha256', key).update(text).digest('hex'));
  };
  const chunks = [...payloads, Buffer.alloc(0)].map((payload) => {
    const signature = next('PAYLOAD', `${sha256('')}\n${sha256(payload)}`);
    const header = `${payload.length.toString(16)};chunk-signature=${signature}\r\n`;
    return Buffer.concat([Buffer.from(header), payload, Buffer.from(payload.length > 0 ? '\r\n' : '')]);
  });
  let end = '\r\n';
  if (options.trailer !== undefined) {
    const signature = next('TRAILER', sha256(`${options.trailer}\n`));
    end = `${options.trailer}\r\nx-amz-trailer-signature:${signature}\r\n\r\n`;
  }
  chunks.push(Buffer.concat([chunks.pop() as Buffer, Buffer.from(end)]));
  return chunks;
}

export function formatHead(method: string, target: string, headers: Headers): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

function withLength(headers: Headers, { body, length }: RawRequest): Headers {
  const value = length ?? (body === undefined ? undefined : Buffer.byteLength(body));
  return value === undefined ? headers : { ...headers, 'content-length': String(value) };
}

function toHttpRequest(method: string, target: string, headers: Headers): HttpRequest {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new Map<string, string[]>();
  for (const { name, value } of QueryParameters.parse(mark < 0 ? '' : target.slice(mark + 1)).list) {
    query.set(name, [...(query.get(name) ?? []), value]);
  }
  const hostname = headers['host'] ?? '';
  return new HttpRequest({
    method,
    protocol: 'http:',
    hostname,
    path: signedPath(path),
    query: Object.fromEntries(query),
    headers: { ...headers },
  });
}

/** A path as S3 signs it: decoded and encoded again, whatever a client has left raw. */
function signedPath(path: string): string {
  try {
    return encodePercent(decodeURIComponent(path), true);
  } catch {
    return path;
  }
}
