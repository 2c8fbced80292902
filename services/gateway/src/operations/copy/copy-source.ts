import { S3Error } from '../../errors/s3-error.js';
import { isBucketName, type BucketName } from '../../http/bucket-name.js';
import type { HeaderMap } from '../../http/header-map.js';
import { parseObjectKey, type ObjectKey } from '../../http/object-key.js';
import { fromHeaderValue } from '../../http/header-text.js';
import { requireNullVersionId } from '../parameters/version-id.js';

/** The object that `x-amz-copy-source` names. */
export interface CopySourceName {
  readonly bucket: BucketName;
  readonly key: ObjectKey;
}

const HEADER = 'x-amz-copy-source';
const VERSION = '?versionId=';

/**
 * Parses `x-amz-copy-source`: `[/]bucket/key[?versionId=null]`, percent-encoded. It is decoded once, and what comes out is
 * what is authorized and read. A `?` that does not begin a version id belongs to the key.
 *
 * @throws S3Error `InvalidArgument`, `NoSuchVersion`, `KeyTooLongError`
 */
export function decodeCopySource(headers: HeaderMap): CopySourceName {
  const header = headers.get(HEADER) ?? '';
  const version = header.lastIndexOf(VERSION);
  if (version >= 0) requireNullVersionId(decode(header.slice(version + VERSION.length), header));
  const path = decode(version < 0 ? header : header.slice(0, version), header);
  const start = path.startsWith('/') ? 1 : 0;
  const slash = path.indexOf('/', start);
  if (slash < 0 || slash === path.length - 1) throw invalid(header, 'must be of the form bucket/key.');
  const bucket = path.slice(start, slash);
  if (!isBucketName(bucket)) throw invalid(header, 'does not begin with a bucket name.');
  return { bucket, key: parseObjectKey(path.slice(slash + 1)) };
}

function decode(text: string, header: string): string {
  try {
    return decodeURIComponent(fromHeaderValue(text));
  } catch {
    throw invalid(header, 'must be URL-encoded UTF-8.');
  }
}

function invalid(header: string, what: string): S3Error {
  return S3Error.invalidArgument(HEADER, header, `The copy source ${what}`);
}
