import { hash } from 'node:crypto';
import { multipartChecksum } from '../../../checksums/multipart-checksum.js';
import { S3Error } from '../../../errors/s3-error.js';
import type { Checksum } from '../../checksum.js';
import type { CompleteUpload, CompletedPart, UploadInfo } from '../../multipart-store.js';
import { MIN_PART_BYTES } from './part-writer.js';
import type { StoredPart, UploadFolder } from './upload-folder.js';

/**
 * The stored parts that a completion names, in its order.
 *
 * @throws S3Error `InvalidPart`, `EntityTooSmall`, `InvalidRequest`
 */
export async function findParts(folder: UploadFolder, request: CompleteUpload): Promise<readonly StoredPart[]> {
  const parts: StoredPart[] = [];
  for (const asked of request.parts) {
    const part = await folder.readPart(asked.number);
    if (part === undefined || part.md5 !== asked.etag || !agrees(part, asked)) {
      throw new S3Error('InvalidPart', {
        details: { UploadId: request.uploadId, PartNumber: String(asked.number), ETag: asked.etag },
      });
    }
    parts.push(part);
  }
  for (const part of parts.slice(0, -1)) {
    if (part.size >= MIN_PART_BYTES) continue;
    throw new S3Error('EntityTooSmall', {
      details: {
        ETag: part.md5,
        MinSizeAllowed: String(MIN_PART_BYTES),
        PartNumber: String(part.number),
        ProposedSize: String(part.size),
      },
    });
  }
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  if (request.expectedSize !== undefined && request.expectedSize !== size) {
    throw new S3Error('InvalidRequest', {
      message: `The x-amz-mp-object-size ${request.expectedSize} does not match the parts, which have ${size} bytes.`,
    });
  }
  return parts;
}

function agrees(part: StoredPart, { checksum }: CompletedPart): boolean {
  if (checksum === undefined) return true;
  // What was stored without one cannot be compared, and what is stated must not be passed over.
  return part.checksum?.algorithm === checksum.algorithm && part.checksum.value === checksum.value;
}

/** S3's entity tag of a multipart object: the MD5 of its parts' MD5s, and how many there were. */
export function multipartETag(md5s: readonly string[]): string {
  return `${hash('md5', Buffer.from(md5s.join(''), 'hex'))}-${md5s.length}`;
}

/**
 * The checksum of the whole object, where the upload has an algorithm.
 *
 * @throws S3Error `BadDigest` where the client expects another, `InvalidRequest` for a type that was not agreed on, or where there is none to
 *   compare what the client expects with
 */
export function wholeChecksum(
  upload: UploadInfo,
  request: CompleteUpload,
  parts: readonly StoredPart[],
): Checksum | undefined {
  const { checksumAlgorithm: algorithm, checksumType: type } = upload;
  if (request.checksumType !== undefined && type !== undefined && request.checksumType !== type) {
    throw new S3Error('InvalidRequest', {
      message: `The upload was created with the checksum type ${type}; complete it with that.`,
    });
  }
  if (algorithm === undefined || type === undefined) return unknown(request);
  const summed = parts.flatMap((part) =>
    part.checksum?.algorithm === algorithm ? [{ size: part.size, checksum: part.checksum.value }] : [],
  );
  if (summed.length !== parts.length) return unknown(request);
  const checksum = multipartChecksum(algorithm, type, summed);
  const expected = request.expectedChecksum;
  if (expected && (expected.algorithm !== algorithm || withoutCount(expected.value) !== withoutCount(checksum.value))) {
    throw new S3Error('BadDigest', {
      message: `The ${expected.algorithm} you specified did not match the calculated checksum.`,
    });
  }
  return checksum;
}

function unknown({ expectedChecksum }: CompleteUpload): undefined {
  if (expectedChecksum === undefined) return undefined;
  throw new S3Error('InvalidRequest', {
    message: `The ${expectedChecksum.algorithm} of the whole object is not known; create the upload with that checksum algorithm.`,
  });
}

/** Some clients send a composite checksum without the number of parts behind it. */
function withoutCount(value: string): string {
  return value.replace(/-\d+$/, '');
}
