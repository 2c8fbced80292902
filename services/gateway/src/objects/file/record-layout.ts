/**
 * A record as it is stored. Filesystems keep an extended attribute in the inode while it is small, and give it a block of its own, to be
 * allocated, read and freed with the file, when it is not: ext4 has room for 60 bytes of ours. So the usual record is binary and has 40 to 50.
 *
 * | bytes | |
 * |---|---|
 * | 1 | version |
 * | 1 | flags: {@link SPILLED}, {@link HAS_BODY}, {@link ETAG_IS_MD5}, {@link IDENTITY_IS_NUMBER} |
 * | 1-8 | size, as a variable-length number |
 * | 8 | mtime in milliseconds, little-endian double |
 * | 1-8, or text | identity |
 * | 16, or text | entity tag |
 * | 1 | checksum: 0 for none, else the place of its algorithm + 1, and {@link COMPOSITE} |
 * | 4-32, or text | checksum: raw where it is over the full object, text where it is composite |
 * | 1 | content type: 0 for none, its place in {@link CONTENT_TYPES} + 1, or {@link OTHER_TYPE} and text |
 * | rest | everything else as JSON, with {@link HAS_BODY} |
 *
 * A text is a byte of length and so many bytes of UTF-8. A variable-length number has seven bits a byte, the least first.
 */
export const VERSION = 2;

export const SPILLED = 1;
export const HAS_BODY = 2;
export const ETAG_IS_MD5 = 4;
export const IDENTITY_IS_NUMBER = 8;

export const COMPOSITE = 0x80;
export const OTHER_TYPE = 0xff;

/** Content types that clients send most. Places are for ever: new ones go to the end. */
export const CONTENT_TYPES: readonly string[] = [
  'binary/octet-stream',
  'application/octet-stream',
  'application/json',
  'application/xml',
  'application/pdf',
  'application/zip',
  'application/gzip',
  'application/x-tar',
  'application/x-www-form-urlencoded',
  'application/javascript',
  'text/plain',
  'text/html',
  'text/css',
  'text/csv',
  'text/javascript',
  'text/markdown',
  'text/xml',
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/svg+xml',
  'audio/mpeg',
  'video/mp4',
  'text/plain; charset=utf-8',
  'text/html; charset=utf-8',
];

/** What of a record stands in its JSON. */
export interface RecordBody {
  h?: Readonly<Record<string, string>>;
  m?: Readonly<Record<string, string>>;
  t?: readonly { readonly key: string; readonly value: string }[];
  c?: string;
  p?: unknown;
  u?: string;
}
