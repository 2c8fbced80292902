import type { DriverCapabilities } from './file-driver.js';

/** What a storage can do, in words for `bucketway check --connect`. */
export interface StorageAbilities {
  /** `If-None-Match: *` and `If-Match` on writes: exact among all gateways, the second only within one, or refused. */
  readonly conditionalWrites: 'exact' | 'create exact, replace within one gateway' | 'refused';
  /** What readers see while an object is replaced. */
  readonly replace: 'atomic' | 'may be missing for a moment';
  /** Where metadata, tags and ETags lie. */
  readonly metadata: 'with the file' | 'sidecar files' | 'upstream';
  readonly multipart: 'in place' | 'assembled' | 'upstream';
  /** Whether presigned and anonymous reads are sent to the storage itself. */
  readonly redirects: 'on' | 'off' | 'never';
}

/** The abilities of a storage of files. */
export function fileAbilities(
  { atomicCreate, atomicReplace, randomWrites, records, sharedLocks }: DriverCapabilities,
  redirects: StorageAbilities['redirects'],
): StorageAbilities {
  return {
    conditionalWrites: sharedLocks ? 'exact' : atomicCreate ? 'create exact, replace within one gateway' : 'refused',
    replace: atomicReplace ? 'atomic' : 'may be missing for a moment',
    metadata: records ? 'with the file' : 'sidecar files',
    multipart: randomWrites ? 'in place' : 'assembled',
    redirects,
  };
}
