import type { MaybePromise } from '../../maybe-promise.js';
import { StorageError, type StorageErrorCode } from '../storage-error.js';

const CODES: ReadonlyMap<string, StorageErrorCode> = new Map<string, StorageErrorCode>([
  ['ENOENT', 'not-found'],
  ['EEXIST', 'exists'],
  ['EISDIR', 'is-folder'],
  ['ENOTDIR', 'not-folder'],
  ['ENOTEMPTY', 'not-empty'],
  ['ENAMETOOLONG', 'name-too-long'],
  ['EILSEQ', 'unsupported-name'],
  ['EINVAL', 'unsupported-name'],
  ['ENOSPC', 'no-space'],
  ['EFBIG', 'no-space'],
  ['EDQUOT', 'quota'],
  ['EROFS', 'read-only'],
  ['EACCES', 'denied'],
  ['EPERM', 'denied'],
  ['ELOOP', 'not-found'],
  ['ENXIO', 'not-found'],
  ['EMFILE', 'too-many-open'],
  ['ENFILE', 'too-many-open'],
  ['ESTALE', 'unavailable'],
  ['EIO', 'unavailable'],
  ['ENOTCONN', 'unavailable'],
  ['ETIMEDOUT', 'unavailable'],
]);

/** The errno of a failed file call (`ENOENT`, …), or undefined for anything else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return error.code;
}

/** The {@link StorageError} for a failed file call; anything else is given back as it is. */
export function toStorageError(error: unknown): unknown {
  if (error instanceof StorageError) return error;
  const errno = errnoOf(error);
  if (errno === undefined) return error;
  return new StorageError(CODES.get(errno) ?? 'failed', `The storage answered ${errno}.`, { cause: error });
}

/** Runs file calls, at once where they are direct, and turns their failures into {@link StorageError}s. */
export function translate<T>(action: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = action();
    if (!(result instanceof Promise)) return result;
    return result.catch((error: unknown) => {
      throw toStorageError(error);
    });
  } catch (error) {
    throw toStorageError(error);
  }
}

/** Whether a file call, or a storage, says that there is nothing at a path. */
export function isAbsence(error: unknown): boolean {
  const code = error instanceof StorageError ? error.code : errnoOf(error);
  return code === 'not-found' || code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}
