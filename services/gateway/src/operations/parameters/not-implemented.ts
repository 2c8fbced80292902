import { S3Error } from '../../errors/s3-error.js';

/** What a header asks for that is not implemented. */
export function notImplemented(header: string, message: string): S3Error {
  return new S3Error('NotImplemented', { message, details: { Header: header } });
}
