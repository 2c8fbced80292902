/** Why a storage could not do what it was asked. The object layer turns these into S3 errors. */
export type StorageErrorCode =
  | 'not-found'
  | 'exists'
  | 'is-folder'
  | 'not-folder'
  | 'not-empty'
  | 'name-too-long'
  | 'unsupported-name'
  | 'record-too-large'
  | 'no-space'
  | 'quota'
  | 'read-only'
  | 'denied'
  | 'too-many-open'
  | 'busy'
  | 'unavailable'
  | 'failed';

/** A failure of a storage driver. */
export class StorageError extends Error {
  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StorageError';
  }
}
