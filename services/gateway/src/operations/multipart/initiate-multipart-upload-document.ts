import { compileDocument } from '../../xml/xml-template.js';

interface InitiateValues {
  readonly bucket: string;
  readonly key: string;
  readonly uploadId: string;
}

const RESULT = compileDocument<InitiateValues>('InitiateMultipartUploadResult', (xml, slot) => {
  slot.leaf(xml, 'Bucket', 'bucket');
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'UploadId', 'uploadId');
});

/** The answer of CreateMultipartUpload. */
export function initiateMultipartUploadDocument(bucket: string, key: string, uploadId: string): string {
  return RESULT.render({ bucket, key, uploadId });
}
