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
  /** The file is not the version any more that was opened. */
  | 'changed'
  | 'failed';

/** A failure of a storage driver. */
export class StorageError extends Error {
  /** When to try again, where the storage said so or it is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: StorageErrorCode,
    message: string,
    options?: { cause?: unknown; retryAfterSeconds?: number },
  ) {
    super(message, options);
    this.name = 'StorageError';
    this.retryAfterSeconds = options?.retryAfterSeconds;
  }
}

/** Whether nothing is there: the name is free, or what should be a folder above it is none. */
export function isNothingThere(error: unknown): boolean {
  return error instanceof StorageError && (error.code === 'not-found' || error.code === 'not-folder');
}
