import { S3Error } from '../../errors/s3-error.js';
import { CHECKSUM_ALGORITHMS } from '../../objects/checksum.js';
import type { CompletedPart } from '../../objects/multipart-store.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import { unquoteETag } from '../parameters/entity-tags.js';
import { MAX_PART_NUMBER, parsePartNumber } from '../parameters/part-number.js';

/**
 * Parses the document of CompleteMultipartUpload. The order is checked by the operation.
 *
 * @throws S3Error `MalformedXML`, also for no parts or more than {@link MAX_PART_NUMBER}; `InvalidArgument` for a part number that none can have
 */
export function parseCompleteMultipartUpload(document: Buffer): readonly CompletedPart[] {
  const parts = parseXml(document, 'CompleteMultipartUpload').children('Part');
  if (parts.length > 0 && parts.length <= MAX_PART_NUMBER) return parts.map(parsePart);
  throw new S3Error('MalformedXML', {
    message: `The XML you provided is not valid: it must name 1 to ${MAX_PART_NUMBER} parts.`,
  });
}

function parsePart(part: XmlElement): CompletedPart {
  const checksum = parseChecksum(part);
  return {
    number: parsePartNumber(part.text('PartNumber').trim()),
    etag: unquoteETag(part.text('ETag').trim()),
    ...(checksum !== undefined && { checksum }),
  };
}

function parseChecksum(part: XmlElement): CompletedPart['checksum'] {
  for (const algorithm of CHECKSUM_ALGORITHMS) {
    const value = part.optionalText(`Checksum${algorithm}`);
    if (value !== undefined) return { algorithm, value: value.trim() };
  }
  return undefined;
}
