import { S3Error } from '../errors/s3-error.js';
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_BYTES,
  checksumHeader,
  findChecksumAlgorithm,
  type ChecksumAlgorithm,
} from '../objects/checksum.js';

/** What a client says that the digests of a body are. */
export interface ExpectedDigests {
  /** `Content-MD5`, as hex. */
  readonly md5?: string;
  /** The checksum to compute; without a value where that comes in the trailer. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value?: string };
}

const CHECKSUM_PREFIX = 'x-amz-checksum-';
const ALGORITHM_OF_HEADER: ReadonlyMap<string, ChecksumAlgorithm> = new Map(
  CHECKSUM_ALGORITHMS.map((algorithm) => [checksumHeader(algorithm), algorithm]),
);
/** Headers of the family that carry no value of this body. */
const NOT_VALUES = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-mode', 'x-amz-checksum-type']);
const MD5_BASE64 = /^[A-Za-z0-9+/]{22}==$/;

/**
 * Reads `Content-MD5`, `x-amz-checksum-*`, `x-amz-sdk-checksum-algorithm` and `x-amz-trailer`.
 *
 * @param fields headers, or the fields of a form, names in lower case
 * @throws S3Error `InvalidDigest` for a malformed MD5, `InvalidRequest` for a malformed, unknown or second checksum
 */
export function parseExpectedDigests(fields: Iterable<readonly [string, string]>): ExpectedDigests {
  let md5: string | undefined;
  let checksum: ExpectedDigests['checksum'];
  let sdkAlgorithm: string | undefined;
  for (const [name, value] of fields) {
    if (name === 'content-md5') md5 = parseContentMd5(value);
    else if (name === 'x-amz-sdk-checksum-algorithm') sdkAlgorithm = value;
    else if (name === 'x-amz-trailer') checksum = onlyOne(checksum, { algorithm: parseTrailerName(value) });
    else if (name.startsWith(CHECKSUM_PREFIX) && !NOT_VALUES.has(name)) {
      const algorithm = ALGORITHM_OF_HEADER.get(name);
      if (algorithm === undefined) {
        throw new S3Error('InvalidRequest', {
          message: 'The algorithm type you specified in x-amz-checksum- header is invalid.',
        });
      }
      if (!isChecksumValue(algorithm, value)) throw invalidValue(name);
      checksum = onlyOne(checksum, { algorithm, value });
    }
  }
  if (sdkAlgorithm !== undefined) requireMatch(sdkAlgorithm, checksum?.algorithm);
  return { ...(md5 === undefined ? {} : { md5 }), ...(checksum === undefined ? {} : { checksum }) };
}

/** Whether text is the canonical base64 of a checksum of the algorithm's size. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === CHECKSUM_BYTES[algorithm] && bytes.toString('base64') === value;
}

function parseContentMd5(value: string): string {
  if (!MD5_BASE64.test(value)) {
    throw new S3Error('InvalidDigest', {
      message: 'The Content-MD5 you specified is not valid: it must be the base64 of 16 bytes.',
      details: { 'Content-MD5': value },
    });
  }
  return Buffer.from(value, 'base64').toString('hex');
}

function parseTrailerName(value: string): ChecksumAlgorithm {
  const algorithm = ALGORITHM_OF_HEADER.get(value.trim().toLowerCase());
  if (algorithm !== undefined) return algorithm;
  throw new S3Error('InvalidRequest', {
    message: 'The value specified in the x-amz-trailer header is not supported: name one x-amz-checksum- header.',
  });
}

function onlyOne<T>(before: T | undefined, found: T): T {
  if (before === undefined) return found;
  throw new S3Error('InvalidRequest', {
    message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
  });
}

// The header is what an SDK meant to send; where the value is lost on the way, storing unverified bytes would hide that.
function requireMatch(sdkAlgorithm: string, declared: ChecksumAlgorithm | undefined): void {
  const algorithm = findChecksumAlgorithm(sdkAlgorithm);
  if (algorithm === undefined || (declared !== undefined && declared !== algorithm)) {
    throw invalidValue('x-amz-sdk-checksum-algorithm');
  }
  if (declared === undefined) {
    throw new S3Error('InvalidRequest', {
      message:
        'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    });
  }
}

function invalidValue(header: string): S3Error {
  return new S3Error('InvalidRequest', { message: `Value for ${header} header is invalid.` });
}
