import { S3Error } from '../errors/s3-error.js';

declare const bucketNameBrand: unique symbol;

/** A bucket name by the rules of the Amazon S3 user guide ("General purpose bucket naming rules"). */
export type BucketName = string & { readonly [bucketNameBrand]: true };

const LABELS = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Whether text is a valid bucket name: 3 to 63 of `a-z 0-9 . -`, each label between letters or digits, no IPv4 address. */
export function isBucketName(text: string): text is BucketName {
  return text.length >= 3 && text.length <= 63 && LABELS.test(text) && !IPV4.test(text);
}

/** @throws S3Error `InvalidBucketName` */
export function parseBucketName(text: string): BucketName {
  if (!isBucketName(text)) throw new S3Error('InvalidBucketName', { details: { BucketName: text } });
  return text;
}
