import { getAttribute, getAttributeSync, setAttribute, setAttributeSync } from '@napi-rs/xattr';
import type { MaybePromise } from '../../maybe-promise.js';
import { findLibc, type Libc } from '../../native/libc.js';
import { StorageError, type StorageErrorCode } from '../storage-error.js';
import { DIRECT_CALLS, type FileCalls } from './file-calls.js';

/** The extended attribute that holds an object's record. */
const NAME = 'user.bucketway';

// The library gives the number of the error in its text only.
const ERROR_NUMBER = /os error (\d+)\)/;
/** ENOSPC is also what ext4 says to a value that is over its block. */
const OUT_OF_SPACE = new Set([28, 122]); // ENOSPC, EDQUOT
const TOO_LARGE = new Set([...OUT_OF_SPACE, 7, 34]); // E2BIG, ERANGE
const CODES: ReadonlyMap<number, StorageErrorCode> = new Map<number, StorageErrorCode>([
  [1, 'denied'],
  [2, 'not-found'],
  [5, 'unavailable'],
  [13, 'denied'],
  [30, 'read-only'],
]);

const TOO_LARGE_FOR_SCRATCH = 34; // ERANGE
const scratch = Buffer.alloc(4096);

/** Reads the record of a file, or undefined where it has none or is gone. Does not follow a symbolic link at the end. */
export function readRecord(calls: FileCalls, path: string): MaybePromise<Buffer | undefined> {
  if (calls === DIRECT_CALLS) return readAtOnce(path);
  return getAttribute(path, NAME).then((value) => value ?? undefined);
}

// The library takes twice the time of the call itself, and its buffers are memory that the collector does not see.
function readAtOnce(path: string): Buffer | undefined {
  const length = findLibc()?.readAttribute(path, NAME, scratch) ?? -TOO_LARGE_FOR_SCRATCH;
  if (length >= 0) {
    const record = Buffer.allocUnsafe(length);
    scratch.copy(record, 0, 0, length);
    return record;
  }
  return length === -TOO_LARGE_FOR_SCRATCH ? (getAttributeSync(path, NAME) ?? undefined) : undefined;
}

/** @throws StorageError `record-too-large` where the filesystem cannot hold it */
export function writeRecord(calls: FileCalls, path: string, record: Buffer): MaybePromise<void> {
  if (calls !== DIRECT_CALLS) {
    return setAttribute(path, NAME, record).catch((error: unknown) => {
      throw explain(error);
    });
  }
  const libc = findLibc();
  if (libc !== undefined) {
    const result = libc.writeAttribute(path, NAME, record);
    if (result < 0) throw refusal(-result, `error ${-result}`);
    return undefined;
  }
  try {
    setAttributeSync(path, NAME, record);
    return undefined;
  } catch (error) {
    throw explain(error);
  }
}

/** The same on an open file that has no name to call it by. */
export function writeOpenRecord(libc: Libc, fd: number, record: Buffer): void {
  const result = libc.writeOpenAttribute(fd, NAME, record);
  if (result < 0) throw refusal(-result, `error ${-result}`);
}

/** Whether a failed call of the library was for want of space. */
export function isOutOfSpace(error: unknown): boolean {
  return OUT_OF_SPACE.has(errorNumberOf(error));
}

function errorNumberOf(error: unknown): number {
  return Number(error instanceof Error ? ERROR_NUMBER.exec(error.message)?.[1] : undefined);
}

function explain(error: unknown): unknown {
  return error instanceof Error ? refusal(errorNumberOf(error), error.message, error) : error;
}

function refusal(number: number, message: string, cause?: Error): StorageError {
  if (TOO_LARGE.has(number)) {
    return new StorageError('record-too-large', 'The filesystem cannot hold a record of this size.', { cause });
  }
  return new StorageError(CODES.get(number) ?? 'failed', `The storage refused the record: ${message}`, { cause });
}
