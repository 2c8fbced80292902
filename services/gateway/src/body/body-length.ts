import type { HeaderMap } from '../http/header-map.js';
import { S3Error } from '../errors/s3-error.js';
import type { BodyFraming } from './body-framing.js';

/** The largest object that S3 has: 5 TiB. */
export const MAX_OBJECT_BYTES = 5 * 1024 ** 4;

const DECODED_LENGTH = 'x-amz-decoded-content-length';
const DECIMAL = /^\d{1,32}$/;

/** How long a body is. */
export interface BodyLength {
  /** Bytes once the framing is taken off. */
  readonly decoded: number;
  /** Bytes on the wire (`Content-Length`); undefined with `Transfer-Encoding: chunked`. */
  readonly wire: number | undefined;
}

/**
 * Reads the lengths that a request declares.
 *
 * @throws S3Error `MissingContentLength` where the decoded length is not declared, `InvalidArgument` where it is no plain number
 */
export function parseBodyLength(headers: HeaderMap, framing: BodyFraming): BodyLength {
  const wire = parseLength(headers, 'content-length');
  const decoded = framing.kind === 'plain' && wire !== undefined ? wire : parseLength(headers, DECODED_LENGTH);
  if (decoded === undefined) {
    throw new S3Error(
      'MissingContentLength',
      wire === undefined
        ? {}
        : { message: `You must provide the ${DECODED_LENGTH} HTTP header with aws-chunked bodies.` },
    );
  }
  return { decoded, wire };
}

function parseLength(headers: HeaderMap, name: string): number | undefined {
  const text = headers.get(name);
  if (text === undefined) return undefined;
  if (!DECIMAL.test(text)) throw S3Error.invalidArgument(name, text, `${name} must be a decimal number of bytes.`);
  return Number(text);
}
