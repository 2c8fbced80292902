import { randomBytes } from 'node:crypto';

/** Differs between processes, so that a counter is enough within one. */
const PROCESS = randomBytes(4).toString('hex').toUpperCase();
let count = 0;

/** A new `x-amz-request-id`: 16 hex digits, unique over all replicas for all practical purposes. */
export function newRequestId(): string {
  count = (count + 1) >>> 0;
  return PROCESS + count.toString(16).toUpperCase().padStart(8, '0');
}

/** The `x-amz-id-2` of this process; names the process that answered, for support. */
export const HOST_ID = randomBytes(24).toString('base64url');
