import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import type { ObjectAttributes, Tag } from '../../objects/object-info.js';
import { parseStorageClass, STANDARD_STORAGE_CLASS } from './storage-class.js';
import { parseTaggingHeader } from '../documents/tag-set.js';

/** The prefix of user metadata headers. */
export const METADATA_PREFIX = 'x-amz-meta-';

/** S3's limit for names (without prefix) and values of user metadata together, in bytes. */
export const MAX_METADATA_BYTES = 2048;

const NO_TAGS: readonly Tag[] = [];

/**
 * What an upload stores with an object, from the headers of PutObject, CopyObject with `REPLACE` or
 * CreateMultipartUpload. Values stay byte for byte as they came in (see header-text.ts).
 *
 * @throws S3Error `MetadataTooLarge`, `InvalidTag`, `InvalidStorageClass`, `InvalidRedirectLocation`
 */
export function decodeObjectAttributes(headers: HeaderMap): ObjectAttributes {
  // Metadata names are the client's, "__proto__" among them.
  const stored = Object.create(null) as Record<string, string>;
  const metadata = Object.create(null) as Record<string, string>;
  let tags = NO_TAGS;
  let metadataBytes = 0;
  for (const [name, value] of headers.entries()) {
    switch (name) {
      case 'content-type':
      case 'cache-control':
      case 'content-disposition':
      case 'content-language':
      case 'expires':
        if (value !== '') stored[name] = value;
        break;
      case 'content-encoding': {
        const encoding = withoutAwsChunked(value);
        if (encoding !== '') stored[name] = encoding;
        break;
      }
      case 'x-amz-website-redirect-location':
        stored[name] = parseRedirectLocation(value);
        break;
      case 'x-amz-storage-class':
        if (parseStorageClass(value) !== STANDARD_STORAGE_CLASS) stored[name] = value;
        break;
      case 'x-amz-tagging':
        tags = parseTaggingHeader(value);
        break;
      default:
        if (!name.startsWith(METADATA_PREFIX)) break;
        metadata[name.slice(METADATA_PREFIX.length)] = value;
        metadataBytes += name.length - METADATA_PREFIX.length + value.length;
    }
  }
  if (metadataBytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', {
      details: { Size: String(metadataBytes), MaxSizeAllowed: String(MAX_METADATA_BYTES) },
    });
  }
  return { headers: stored, metadata, tags };
}

/** `aws-chunked` frames the transfer and is no encoding of the object; the rest is kept as it was written. */
function withoutAwsChunked(value: string): string {
  if (!value.toLowerCase().includes('aws-chunked')) return value;
  return value
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding.toLowerCase() !== 'aws-chunked')
    .join(',');
}

function parseRedirectLocation(value: string): string {
  if (value.startsWith('/') || value.startsWith('http://') || value.startsWith('https://')) return value;
  throw new S3Error('InvalidRedirectLocation');
}
