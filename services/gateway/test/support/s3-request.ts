import type { IncomingMessage } from 'node:http';
import { parseBucketName } from '../../src/http/bucket-name.js';
import { HeaderMap } from '../../src/http/header-map.js';
import { parseObjectKey } from '../../src/http/object-key.js';
import { QueryParameters } from '../../src/http/query-parameters.js';
import type { S3Path } from '../../src/http/s3-path.js';
import type { S3Request } from '../../src/http/s3-request.js';

/** What a test says of a request; the rest is filled in. */
export interface RequestSketch {
  readonly method?: string;
  readonly bucket?: string;
  readonly key?: string;
  /** The text behind `?`. */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection, for operations that read a body. */
  readonly raw?: IncomingMessage;
}

/** A parsed request, as the operations get it. */
export function s3Request(sketch: RequestSketch = {}): S3Request {
  const query = sketch.query ?? '';
  return {
    id: 'TESTREQUEST',
    method: sketch.method ?? 'GET',
    path: pathOf(sketch),
    query: QueryParameters.parse(query),
    headers: HeaderMap.parse(Object.entries({ host: 's3.test', ...sketch.headers }).flat()),
    rawPath: '/',
    rawQuery: query,
    virtualHosted: false,
    remoteAddress: '127.0.0.1',
    secure: false,
    receivedAt: new Date('2026-01-02T03:04:05Z'),
    raw: sketch.raw ?? ({} as IncomingMessage),
    sendContinue: () => {},
  };
}

function pathOf(sketch: RequestSketch): S3Path {
  if (sketch.bucket === undefined) return { kind: 'root' };
  const bucket = parseBucketName(sketch.bucket);
  return sketch.key === undefined
    ? { kind: 'bucket', bucket }
    : { kind: 'object', bucket, key: parseObjectKey(sketch.key) };
}
