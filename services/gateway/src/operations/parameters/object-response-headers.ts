import { DEFAULT_CONTENT_TYPE } from '../../objects/file/content-type.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { formatHttpDate } from './http-date.js';
import { METADATA_PREFIX } from './object-headers.js';

/**
 * The headers that describe an object, for GetObject and HeadObject: a fresh flat list that the caller goes on filling.
 *
 * @param overrides replace stored headers, by lower-case name
 */
export function objectResponseHeaders(info: ObjectInfo, overrides?: ReadonlyMap<string, string>): string[] {
  const out = [
    'Accept-Ranges',
    'bytes',
    'Last-Modified',
    formatHttpDate(info.lastModified),
    'ETag',
    `"${info.etag}"`,
    // What a client stored as text/plain must not run as a script on this origin.
    'X-Content-Type-Options',
    'nosniff',
  ];
  const { headers, metadata, tags } = info.attributes;
  let contentType = DEFAULT_CONTENT_TYPE;
  for (const name of Object.keys(headers)) {
    if (overrides?.has(name)) continue;
    if (name === 'content-type') contentType = headers[name] as string;
    else out.push(spelling(name), headers[name] as string);
  }
  if (overrides === undefined) out.push('Content-Type', contentType);
  else appendOverrides(out, overrides, contentType);
  for (const name of Object.keys(metadata)) out.push(METADATA_PREFIX + name, metadata[name] as string);
  const tagCount = info.tagCount ?? tags.length;
  if (tagCount > 0) out.push('x-amz-tagging-count', String(tagCount));
  return out;
}

function appendOverrides(out: string[], overrides: ReadonlyMap<string, string>, contentType: string): void {
  if (!overrides.has('content-type')) out.push('Content-Type', contentType);
  for (const [name, value] of overrides) out.push(spelling(name), value);
}

/** The headers of a 304 answer (RFC 9110 section 15.4.5). */
export function notModifiedHeaders(info: ObjectInfo): string[] {
  const out = ['Last-Modified', formatHttpDate(info.lastModified), 'ETag', `"${info.etag}"`];
  const { headers } = info.attributes;
  if (headers['cache-control'] !== undefined) out.push('Cache-Control', headers['cache-control']);
  if (headers['expires'] !== undefined) out.push('Expires', headers['expires']);
  return out;
}

function spelling(name: string): string {
  switch (name) {
    case 'content-type':
      return 'Content-Type';
    case 'cache-control':
      return 'Cache-Control';
    case 'content-disposition':
      return 'Content-Disposition';
    case 'content-encoding':
      return 'Content-Encoding';
    case 'content-language':
      return 'Content-Language';
    case 'expires':
      return 'Expires';
    default:
      return name;
  }
}
