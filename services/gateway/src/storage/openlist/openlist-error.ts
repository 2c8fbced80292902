import { StorageError, type StorageErrorCode } from '../storage-error.js';

/**
 * What OpenList's texts mean. Its codes say little: a missing file is code 500, like everything else that goes wrong. The
 * order counts: a storage that is not ready must never be taken for a missing file, nor its bucket for an empty one.
 */
const MEANINGS: readonly (readonly [text: RegExp, code: StorageErrorCode])[] = [
  [/storage not init/, 'unavailable'],
  [/(object|storage) not found/, 'not-found'],
  [/not a folder|not a directory|failed to make dir .*file exists/, 'not-folder'],
  [/is a directory|not a file\b/, 'is-folder'],
  [/file name too long|name is too long/, 'name-too-long'],
  [/exists$/, 'exists'],
  [/using relative path|system file upload ignored|invalid file name/, 'unsupported-name'],
  [/no space left|disk is full|insufficient (disk )?space/, 'no-space'],
  [/quota/, 'quota'],
  [/read-only file ?system|upload not supported|not implement|not support/, 'read-only'],
  // A bucket of another Bucketway behind OpenList: it can be read, but keeps the names that this one needs for itself.
  [/UnsupportedKey/, 'read-only'],
  [/permission/, 'denied'],
];

/** What OpenList is asked to do, as messages tell it. */
export type OpenlistOperation =
  | 'say who the token belongs to'
  | 'list its storages'
  | 'list a folder'
  | 'look at a file'
  | 'follow a move'
  | OpenlistWrite;

type OpenlistWrite = 'make a folder' | 'rename a file' | 'move a file' | 'remove a file' | 'take an upload';

const WRITES: ReadonlySet<OpenlistOperation> = new Set<OpenlistWrite>([
  'make a folder',
  'rename a file',
  'move a file',
  'remove a file',
  'take an upload',
]);

/** A failure that OpenList reports in its envelope, whatever the HTTP status was. */
export class OpenlistError extends StorageError {
  constructor(
    /** Of the envelope. */
    readonly envelopeCode: number,
    /** OpenList's own text; may name paths of its machine, so it is for the log and never for a client. */
    readonly text: string,
    operation: OpenlistOperation,
  ) {
    super(meaningOf(envelopeCode, text, operation), `OpenList failed to ${operation}: ${text} (code ${envelopeCode})`);
    this.name = 'OpenlistError';
  }
}

function meaningOf(envelopeCode: number, text: string, operation: OpenlistOperation): StorageErrorCode {
  // A folder that only leads to storages: a file that is written there is not missing, it has no place.
  if (text.includes('storage not found') && WRITES.has(operation)) return 'read-only';
  // The token: an administrator's matter, and no statement about the file.
  if (envelopeCode === 401) return 'unavailable';
  return MEANINGS.find(([pattern]) => pattern.test(text))?.[1] ?? (envelopeCode === 403 ? 'denied' : 'unavailable');
}
