const LABELS = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** What a bucket name must be, for messages. */
export const BUCKET_NAME_RULE =
  '3 to 63 characters of a-z, 0-9, "-" and ".", each label beginning and ending with a letter or digit, and no IPv4 address';

/** Whether text is a bucket name (Amazon S3 user guide, "General purpose bucket naming rules"). */
export function isBucketName(text: unknown): text is string {
  return typeof text === 'string' && text.length >= 3 && text.length <= 63 && LABELS.test(text) && !IPV4.test(text);
}
