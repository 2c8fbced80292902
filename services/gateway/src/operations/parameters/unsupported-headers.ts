import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { notImplemented } from './not-implemented.js';

const ENCRYPTION = 'x-amz-server-side-encryption';

const SSE_HEADERS = [
  ENCRYPTION,
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
  'x-amz-server-side-encryption-customer-key-md5',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-context',
] as const;

const SOURCE_SSE_HEADERS = [
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-copy-source-server-side-encryption-customer-key',
] as const;

const LOCK_HEADERS = [
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-lock-legal-hold',
] as const;

const SSE_C_READ_HEADERS = [
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-server-side-encryption-customer-key',
] as const;

/**
 * Refuses headers of an upload that ask for a protection which would not be there. Ignoring one would tell a client that
 * its data is encrypted, locked or appended to.
 *
 * @throws S3Error `NotImplemented`, or `InvalidRequest` for locks, as a bucket without a lock configuration answers
 */
export function refuseUnsupportedUploadHeaders(headers: HeaderMap): void {
  for (const name of SSE_HEADERS) {
    if (headers.has(name)) {
      throw notImplemented(name, 'Server-side encryption is not implemented; encrypt on the client, or the storage.');
    }
  }
  for (const name of LOCK_HEADERS) if (headers.has(name)) throw lockConfigurationMissing();
  if (headers.has('x-amz-write-offset-bytes')) {
    throw notImplemented('x-amz-write-offset-bytes', 'Appending to an object is not implemented.');
  }
}

/** The same for a copy, whose source cannot be encrypted either. @throws S3Error */
export function refuseUnsupportedCopyHeaders(headers: HeaderMap): void {
  refuseUnsupportedUploadHeaders(headers);
  for (const name of SOURCE_SSE_HEADERS) if (headers.has(name)) throw notEncrypted();
}

/**
 * SSE-C keys on a read: no object here is encrypted with one. What an upload says of encryption has no place in a read at all.
 *
 * @throws S3Error `InvalidRequest`, `InvalidArgument`
 */
export function refuseDecryptionHeaders(headers: HeaderMap): void {
  const encryption = headers.get(ENCRYPTION);
  if (encryption !== undefined)
    throw S3Error.invalidArgument(ENCRYPTION, encryption, `${ENCRYPTION} header is not supported for this operation.`);
  for (const name of SSE_C_READ_HEADERS) if (headers.has(name)) throw notEncrypted();
}

function notEncrypted(): S3Error {
  return new S3Error('InvalidRequest', { message: 'The encryption parameters are not applicable to this object.' });
}

/** What S3 answers to anything about object lock in a bucket that has none. */
export function lockConfigurationMissing(): S3Error {
  return new S3Error('InvalidRequest', { message: 'Bucket is missing Object Lock Configuration' });
}
