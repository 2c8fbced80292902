import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import { parseBucketName } from './bucket-name.js';
import { HeaderMap } from './header-map.js';
import { parseObjectKey } from './object-key.js';
import { decodePercent } from './percent-encoding.js';
import { QueryParameters } from './query-parameters.js';
import type { S3Path } from './s3-path.js';
import type { S3Request } from './s3-request.js';
import { bucketOfHost } from './virtual-host.js';

/** What the parser takes a request apart from. */
export interface Arrival {
  readonly id: string;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** The request target as it came. */
  readonly target: string;
  readonly receivedAt: Date;
  /** The client waits for `100 Continue`. */
  readonly expectsContinue: boolean;
}

/**
 * Parses a request once: nothing behind this sees the raw target or headers.
 *
 * @throws S3Error `InvalidURI`, `InvalidBucketName`, `KeyTooLongError`, `InvalidRequest`, `NotImplemented`
 */
export function parseRequest(arrival: Arrival, snapshot: Snapshot): S3Request {
  const { raw, response, target } = arrival;
  // Absolute form ("GET http://other/…") and "*" name something other than a path of this host.
  if (!target.startsWith('/')) throw new S3Error('InvalidURI', { message: 'The request target must begin with "/".' });
  const headers = HeaderMap.parse(raw.rawHeaders);
  requireChunkedOnly(headers.get('transfer-encoding'));
  const mark = target.indexOf('?');
  const rawPath = mark < 0 ? target : target.slice(0, mark);
  const rawQuery = mark < 0 ? '' : target.slice(mark + 1);
  const hostBucket = bucketOfHost(headers.get('host') ?? '', snapshot.domains);
  return {
    id: arrival.id,
    method: raw.method ?? 'GET',
    path: hostBucket === undefined ? parsePath(rawPath) : toPath(hostBucket, rawPath.slice(1)),
    query: QueryParameters.parse(rawQuery),
    headers,
    rawPath,
    rawQuery,
    virtualHosted: hostBucket !== undefined,
    remoteAddress: raw.socket.remoteAddress ?? '',
    secure: (raw.socket as Partial<TLSSocket>).encrypted === true,
    receivedAt: arrival.receivedAt,
    raw,
    sendContinue: arrival.expectsContinue ? () => response.writeContinue() : ignore,
  };
}

function ignore(): void {}

/** Node takes off the chunks and nothing else: with another coding below them, that would be stored as if it were the object. */
function requireChunkedOnly(transferEncoding: string | undefined): void {
  if (transferEncoding === undefined || transferEncoding.trim().toLowerCase() === 'chunked') return;
  throw new S3Error('NotImplemented', { message: 'The only Transfer-Encoding that is implemented is chunked.' });
}

function parsePath(rawPath: string): S3Path {
  if (rawPath === '/') return { kind: 'root' };
  const slash = rawPath.indexOf('/', 1);
  return slash < 0
    ? toPath(decodePercent(rawPath.slice(1)), '')
    : toPath(decodePercent(rawPath.slice(1, slash)), rawPath.slice(slash + 1));
}

function toPath(name: string, rawKey: string): S3Path {
  const bucket = parseBucketName(name);
  if (rawKey === '') return { kind: 'bucket', bucket };
  return { kind: 'object', bucket, key: parseObjectKey(decodePercent(rawKey)) };
}
