import { randomBytes } from 'node:crypto';
import { S3Error } from '../errors/s3-error.js';

/** Signatures with an unknown access key id are computed with this, so that they take as long as others. */
export const DUMMY_SECRET: string = randomBytes(30).toString('base64');

/** The error for an access key id that no identity has. */
export function invalidAccessKeyId(accessKeyId: string): S3Error {
  return new S3Error('InvalidAccessKeyId', { details: { AWSAccessKeyId: accessKeyId } });
}
