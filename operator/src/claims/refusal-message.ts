import type { ClaimHolder, ClaimReason, ClaimRequest } from './claim.js';

/** What whoever leaves data behind is told where no more tombstones fit. */
export const NO_ROOM_MESSAGE =
  "the list of paths where deleted S3Buckets left data is full: an administrator takes out of it what is nobody's";

/**
 * What a claimant is told. Who stands in the way is named within one namespace only: names and paths of other tenants
 * are none of its business.
 */
export function refusalMessage(reason: ClaimReason, holder: ClaimHolder, request: ClaimRequest): string {
  const { bucketName, path } = request;
  if (reason === 'RetainedPathsUnusable') return NO_ROOM_MESSAGE;
  if ('since' in holder) {
    const what = reason === 'PathTaken' ? `the path "${path}" holds` : `the path "${path}" lies above or below`;
    return (
      `${what} data that a deleted S3Bucket of another namespace left: create the S3Bucket anew with another ` +
      'spec.path, or ask an administrator to release it'
    );
  }
  const { namespace, name } = holder.owner;
  const who = namespace === request.owner.namespace ? `the S3Bucket "${namespace}/${name}"` : 'another namespace';
  if (reason === 'NameTaken') {
    return `the bucket name "${bucketName}" is held by ${who}: create the S3Bucket anew with another spec.bucketName`;
  }
  const what = reason === 'PathTaken' ? 'is held by' : 'lies above or below one that is held by';
  return `the path "${path}" ${what} ${who}: create the S3Bucket anew with another spec.path`;
}
