import { S3Error } from '../errors/s3-error.js';

/**
 * Decodes %XX once, into well-formed Unicode. `+` stays `+`.
 *
 * @throws S3Error `InvalidURI` for a broken escape or bytes that are not UTF-8
 */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new S3Error('InvalidURI', { message: 'The request target has a percent escape that is not UTF-8.', cause });
  }
}

const RESERVED = /[!'()*]/g;

/**
 * Percent-encodes every byte but the unreserved ones of RFC 3986, as SigV4's `UriEncode` does.
 *
 * @param keepSlash leave `/` as it is, for paths
 */
export function encodePercent(text: string, keepSlash = false): string {
  const encoded = encodeURIComponent(text).replace(RESERVED, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return keepSlash ? encoded.replaceAll('%2F', '/') : encoded;
}
