import mime from 'mime';

/** S3's content type for bytes of which nothing else is known. */
export const DEFAULT_CONTENT_TYPE = 'binary/octet-stream';

/** The content type of a file that nobody put through S3, by its name. */
export function contentTypeOf(name: string): string {
  return mime.getType(name) ?? DEFAULT_CONTENT_TYPE;
}
