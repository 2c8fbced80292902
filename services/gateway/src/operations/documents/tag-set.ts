import { S3Error } from '../../errors/s3-error.js';
import type { Tag } from '../../objects/object-info.js';

/** Limits of the Amazon S3 user guide, in UTF-16 code units as S3 counts them. */
export const MAX_OBJECT_TAGS = 10;
export const MAX_BUCKET_TAGS = 50;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;

const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Checks a tag set and puts it in key order, in which S3 gives tag sets back.
 *
 * @param limit {@link MAX_OBJECT_TAGS} or {@link MAX_BUCKET_TAGS}
 * @throws S3Error `InvalidTag`, naming the tag and what is wrong with it
 */
export function checkTagSet(tags: readonly Tag[], limit: number): readonly Tag[] {
  if (tags.length > limit) throw new S3Error('InvalidTag', { message: `There can be at most ${limit} tags.` });
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (seen.has(key)) throw invalidTag(key, 'Cannot provide multiple Tags with the same key');
    seen.add(key);
    checkTag(key, value);
  }
  return tags.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function checkTag(key: string, value: string): void {
  if (key === '' || key.length > MAX_TAG_KEY_LENGTH || !ALLOWED.test(key)) {
    throw invalidTag(key, 'The TagKey you have provided is invalid');
  }
  if (key.startsWith('aws:')) throw invalidTag(key, 'System tags (aws:) cannot be set');
  if (value.length > MAX_TAG_VALUE_LENGTH || !ALLOWED.test(value)) {
    throw invalidTag(key, 'The TagValue you have provided is invalid');
  }
}

function invalidTag(key: string, message: string): S3Error {
  return new S3Error('InvalidTag', { message, details: { TagKey: key } });
}

/**
 * Parses `x-amz-tagging`: `key=value&key2=value2`, form-encoded.
 *
 * @throws S3Error `InvalidTag`, `InvalidArgument` where it cannot be decoded
 */
export function parseTaggingHeader(header: string): readonly Tag[] {
  if (header === '') return [];
  const tags: Tag[] = [];
  for (const piece of header.split('&')) {
    const at = piece.indexOf('=');
    tags.push({
      key: decodeFormText(at < 0 ? piece : piece.slice(0, at), header),
      value: at < 0 ? '' : decodeFormText(piece.slice(at + 1), header),
    });
  }
  return checkTagSet(tags, MAX_OBJECT_TAGS);
}

function decodeFormText(text: string, header: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw S3Error.invalidArgument(
      'x-amz-tagging',
      header,
      "The header 'x-amz-tagging' must be URL query parameters in UTF-8, percent-encoded.",
    );
  }
}
