import type { ObjectInfo } from '../../objects/object-info.js';
import { compileDocument } from '../../xml/xml-template.js';
import { checksumMarkup } from '../documents/checksum-markup.js';

interface CompleteValues {
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly checksum: string;
  readonly checksumType: string | undefined;
}

const RESULT = compileDocument<CompleteValues>('CompleteMultipartUploadResult', (xml, slot) => {
  slot.leaf(xml, 'Location', 'location');
  slot.leaf(xml, 'Bucket', 'bucket');
  slot.leaf(xml, 'Key', 'key');
  slot.quoted(xml, 'ETag', 'etag');
  xml.txt(slot.markup('checksum'));
  slot.leaf(xml, 'ChecksumType', 'checksumType');
});

/** The answer of CompleteMultipartUpload. */
export function completeMultipartUploadDocument(location: string, bucket: string, info: ObjectInfo): string {
  return RESULT.render({
    location,
    bucket,
    key: info.key,
    etag: info.etag,
    checksum: checksumMarkup(info.checksum),
    checksumType: info.checksum?.type,
  });
}
