import { getAttribute, getAttributeSync, setAttribute, setAttributeSync } from '@napi-rs/xattr';
import type { MaybePromise } from '../../objects/object-store.js';
import { StorageError } from '../storage-error.js';
import { DIRECT_CALLS, type FileCalls } from './file-calls.js';

/** The extended attribute that holds an object's record. */
const NAME = 'user.bucketway';

// The library gives the number of the error in its text only.
const TOO_LARGE = /os error (?:28|7|34|122)\)/; // ENOSPC (ext4's answer to a value over its block), E2BIG, ERANGE, EDQUOT

/** Reads the record of a file, or undefined where it has none or is gone. Does not follow a symbolic link at the end. */
export function readRecord(calls: FileCalls, path: string): MaybePromise<Buffer | undefined> {
  if (calls === DIRECT_CALLS) return getAttributeSync(path, NAME) ?? undefined;
  return getAttribute(path, NAME).then((value) => value ?? undefined);
}

/** @throws StorageError `record-too-large` where the filesystem cannot hold it */
export function writeRecord(calls: FileCalls, path: string, record: Buffer): MaybePromise<void> {
  if (calls !== DIRECT_CALLS) {
    return setAttribute(path, NAME, record).catch((error: unknown) => {
      throw explain(error);
    });
  }
  try {
    setAttributeSync(path, NAME, record);
    return undefined;
  } catch (error) {
    throw explain(error);
  }
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (TOO_LARGE.test(error.message)) {
    return new StorageError('record-too-large', 'The filesystem cannot hold a record of this size.', { cause: error });
  }
  return new StorageError('failed', `The storage refused the record: ${error.message}`, { cause: error });
}
