import { S3Error } from '../errors/s3-error.js';
import type { Checksum, ChecksumAlgorithm, ChecksumType } from '../objects/checksum.js';
import { computeChecksum } from './checksum-calculator.js';
import { CrcCombiner, isCombinable } from './crc-combiner.js';

/** What a multipart checksum is made of. */
export interface ChecksummedPart {
  /** Bytes. */
  readonly size: number;
  /** base64, as on the wire. */
  readonly checksum: string;
}

/**
 * The type of a multipart upload's checksum (S3 user guide, "Checking object integrity"): CRC64NVME is always over the
 * full object, the SHA family always composite, CRC32 and CRC32C either, composite unless asked.
 *
 * @param asked `x-amz-checksum-type`, if sent
 * @throws S3Error `InvalidRequest` for a pair that S3 does not have
 */
export function resolveChecksumType(algorithm: ChecksumAlgorithm, asked?: ChecksumType): ChecksumType {
  const only = algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : isCombinable(algorithm) ? undefined : 'COMPOSITE';
  if (asked !== undefined && only !== undefined && asked !== only) {
    throw new S3Error('InvalidRequest', {
      message: `The ${asked} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return asked ?? only ?? 'COMPOSITE';
}

/**
 * The checksum of an object from those of its parts, in order: for `FULL_OBJECT` that of all bytes, for `COMPOSITE` that of
 * the parts' raw checksums, with `-<parts>` behind it.
 *
 * @throws S3Error `InvalidRequest` for a type that the algorithm does not have
 */
export function multipartChecksum(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly ChecksummedPart[],
): Checksum {
  resolveChecksumType(algorithm, type);
  if (type === 'FULL_OBJECT' && isCombinable(algorithm)) {
    const combiner = new CrcCombiner(algorithm);
    let whole = computeChecksum(algorithm, Buffer.alloc(0));
    for (const part of parts) whole = combiner.combine(whole, Buffer.from(part.checksum, 'base64'), part.size);
    return { algorithm, type, value: whole.toString('base64') };
  }
  const joined = Buffer.concat(parts.map((part) => Buffer.from(part.checksum, 'base64')));
  return { algorithm, type, value: `${computeChecksum(algorithm, joined).toString('base64')}-${parts.length}` };
}
