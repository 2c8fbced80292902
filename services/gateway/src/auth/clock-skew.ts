import { S3Error } from '../errors/s3-error.js';

/** How far the clock of a client may be off, in milliseconds, either way. */
export const MAX_SKEW_MS = 900_000;

/** @throws S3Error `RequestTimeTooSkewed` */
export function requireFresh(time: number, now: Date): void {
  if (Math.abs(now.getTime() - time) <= MAX_SKEW_MS) return;
  throw new S3Error('RequestTimeTooSkewed', {
    details: {
      RequestTime: new Date(time).toISOString(),
      ServerTime: now.toISOString(),
      MaxAllowedSkewMilliseconds: String(MAX_SKEW_MS),
    },
  });
}

/** The error for a presigned URL whose time is over. @param expires milliseconds since the epoch */
export function requestExpired(expires: number, now: Date): S3Error {
  return new S3Error('AccessDenied', {
    message: 'Request has expired',
    details: { Expires: new Date(expires).toISOString(), ServerTime: now.toISOString() },
  });
}
