import { S3Error } from '../../errors/s3-error.js';

/** What an object has that names no class. S3 leaves the header out of its answers then. */
export const STANDARD_STORAGE_CLASS = 'STANDARD';

// A label here, kept for tools that compare it after an upload. The classes that need a restore before a read are refused:
// clients would skip objects that claim them ("aws s3 cp" does).
const IMMEDIATE_CLASSES = new Set([
  STANDARD_STORAGE_CLASS,
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);

/**
 * Checks `x-amz-storage-class`.
 *
 * @throws S3Error `InvalidStorageClass`
 */
export function parseStorageClass(text: string): string {
  if (!IMMEDIATE_CLASSES.has(text)) {
    throw new S3Error('InvalidStorageClass', {
      message: `The storage class that you specified is not valid here; use one of ${[...IMMEDIATE_CLASSES].join(', ')}.`,
      details: { StorageClassRequested: text },
    });
  }
  return text;
}
