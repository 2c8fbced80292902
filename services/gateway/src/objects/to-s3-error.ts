import { S3Error } from '../errors/s3-error.js';
import type { S3ErrorCode } from '../errors/s3-error-codes.js';
import { StorageError, type StorageErrorCode } from '../storage/storage-error.js';

interface Translation {
  readonly code: S3ErrorCode;
  readonly message?: string;
  readonly retryAfter?: number;
}

const TRANSLATIONS: Readonly<Partial<Record<StorageErrorCode, Translation>>> = {
  'not-found': { code: 'NoSuchKey' },
  exists: { code: 'PreconditionFailed' },
  'is-folder': { code: 'ExistingObjectIsDirectory' },
  'not-folder': { code: 'ObjectParentIsFile' },
  'name-too-long': { code: 'KeyTooLongError' },
  'unsupported-name': { code: 'UnsupportedKey' },
  'no-space': { code: 'InsufficientStorage' },
  quota: { code: 'QuotaExceeded' },
  'read-only': { code: 'AccessDenied', message: 'The storage behind this bucket is read-only.' },
  denied: { code: 'AccessDenied', message: 'The storage behind this bucket does not permit this.' },
  'too-many-open': { code: 'SlowDown', retryAfter: 1 },
  busy: { code: 'SlowDown', message: 'Another writer is busy with this key. Try again.', retryAfter: 1 },
  changed: { code: 'SlowDown', message: 'The object was replaced while it was read. Try again.', retryAfter: 1 },
  unavailable: {
    code: 'ServiceUnavailable',
    message: 'The storage behind this bucket cannot be reached.',
    retryAfter: 5,
  },
};

/** The S3 error for a storage's failure; anything else is given back as it is. */
export function toS3Error(error: unknown): unknown {
  if (!(error instanceof StorageError)) return error;
  const translation = TRANSLATIONS[error.code] ?? { code: 'InternalError' };
  const retryAfter =
    translation.retryAfter === undefined ? undefined : (error.retryAfterSeconds ?? translation.retryAfter);
  return new S3Error(translation.code, {
    ...(translation.message !== undefined && { message: translation.message }),
    ...(retryAfter !== undefined && { headers: { 'Retry-After': String(retryAfter) } }),
    cause: error,
  });
}
