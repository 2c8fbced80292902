import type { Principal } from '../../auth/identity.js';
import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { ownerOf } from '../documents/owner.js';

/**
 * Obeys `x-amz-expected-bucket-owner`, which any operation on a bucket or object may carry: a client that names an owner
 * must not work on another's bucket. Admission calls it for all whose bucket it finds; the others do so themselves.
 *
 * @throws S3Error `AccessDenied`
 */
export function checkExpectedBucketOwner(headers: HeaderMap, principal: Principal): void {
  checkOwner(headers.get('x-amz-expected-bucket-owner'), principal);
}

/** The same for the bucket of a copy source (`x-amz-source-expected-bucket-owner`). @throws S3Error `AccessDenied` */
export function checkExpectedSourceOwner(headers: HeaderMap, principal: Principal): void {
  checkOwner(headers.get('x-amz-source-expected-bucket-owner'), principal);
}

function checkOwner(expected: string | undefined, principal: Principal): void {
  if (expected === undefined || expected === ownerOf(principal).id) return;
  throw new S3Error('AccessDenied', { message: 'The bucket owner is not the one that the request expects.' });
}
