import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import {
  CHECKSUM_ALGORITHMS,
  checksumHeader,
  findChecksumAlgorithm,
  type Checksum,
  type ChecksumAlgorithm,
  type ChecksumType,
} from '../../objects/checksum.js';

const CHECKSUM_HEADERS = CHECKSUM_ALGORITHMS.map((algorithm) => ({ algorithm, header: checksumHeader(algorithm) }));

/**
 * `x-amz-checksum-algorithm` of CreateMultipartUpload and CopyObject.
 *
 * @throws S3Error `InvalidRequest` for one that S3 does not have
 */
export function decodeChecksumAlgorithm(headers: HeaderMap): ChecksumAlgorithm | undefined {
  const name = headers.get('x-amz-checksum-algorithm');
  if (name === undefined) return undefined;
  const algorithm = findChecksumAlgorithm(name);
  if (algorithm !== undefined) return algorithm;
  throw new S3Error('InvalidRequest', {
    message: `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${CHECKSUM_ALGORITHMS.join(', ')}]`,
  });
}

/**
 * `x-amz-checksum-type` of CreateMultipartUpload and CompleteMultipartUpload.
 *
 * @throws S3Error `InvalidRequest`
 */
export function decodeChecksumType(headers: HeaderMap): ChecksumType | undefined {
  const type = headers.get('x-amz-checksum-type');
  if (type === undefined) return undefined;
  const upper = type.toUpperCase();
  if (upper === 'COMPOSITE' || upper === 'FULL_OBJECT') return upper;
  throw new S3Error('InvalidRequest', { message: 'Value for x-amz-checksum-type header is invalid.' });
}

/**
 * The type that an upload's checksum will have: the one asked for, if the algorithm has it, else the algorithm's default
 * (S3 user guide, "Checking object integrity": CRC-64 only over the whole object, the SHAs only composite, the others both).
 *
 * @throws S3Error `InvalidRequest`
 */
export function resolveChecksumType(
  algorithm: ChecksumAlgorithm | undefined,
  type: ChecksumType | undefined,
): ChecksumType | undefined {
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw new S3Error('InvalidRequest', {
      message: 'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    });
  }
  const only = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : algorithm.startsWith('SHA') ? 'COMPOSITE' : undefined;
  if (type !== undefined && only !== undefined && type !== only) {
    throw new S3Error('InvalidRequest', {
      message: `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return type ?? only ?? 'COMPOSITE';
}

/** A checksum that a client states for what it has sent before. */
export interface StatedChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** base64. */
  readonly value: string;
}

/**
 * The one `x-amz-checksum-*` of a request without a body that it could be about (CompleteMultipartUpload).
 *
 * @throws S3Error `InvalidRequest` where there are several
 */
export function decodeStatedChecksum(headers: HeaderMap): StatedChecksum | undefined {
  let stated: StatedChecksum | undefined;
  for (const { algorithm, header } of CHECKSUM_HEADERS) {
    const value = headers.get(header);
    if (value === undefined) continue;
    if (stated !== undefined) {
      throw new S3Error('InvalidRequest', {
        message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      });
    }
    stated = { algorithm, value };
  }
  return stated;
}

/** Whether the client asked for checksums in the answer to a read. */
export function wantsChecksum(headers: HeaderMap): boolean {
  return headers.get('x-amz-checksum-mode')?.toUpperCase() === 'ENABLED';
}

/** Adds `x-amz-checksum-*` and `x-amz-checksum-type` to a response. */
export function appendChecksum(out: string[], checksum: Checksum | undefined): void {
  if (checksum === undefined) return;
  out.push(checksumHeader(checksum.algorithm), checksum.value, 'x-amz-checksum-type', checksum.type);
}
