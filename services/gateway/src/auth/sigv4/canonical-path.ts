import { decodePercent, encodePercent } from '../../http/percent-encoding.js';

const CANONICAL = /^[A-Za-z0-9\-._~/]+$/;

/**
 * The path as S3's SigV4 signs it: encoded once (other AWS services encode twice) and not normalized.
 *
 * Clients differ in what they leave raw on the wire (`=`, `+`, `(`), so it is decoded and encoded again.
 */
export function canonicalPath(rawPath: string): string {
  if (CANONICAL.test(rawPath)) return rawPath;
  return rawPath === '' ? '/' : encodePercent(decodePercent(rawPath), true);
}
