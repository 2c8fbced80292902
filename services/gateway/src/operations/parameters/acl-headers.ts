import type { Principal } from '../../auth/identity.js';
import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { ownerOf } from '../documents/owner.js';

const CANNED_ACLS = new Set([
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
]);

const GRANT_HEADERS = [
  'x-amz-grant-read',
  'x-amz-grant-write',
  'x-amz-grant-read-acp',
  'x-amz-grant-write-acp',
] as const;

/**
 * Checks ACL headers as S3 does where ACLs are disabled: only what changes nothing is accepted (`private`, which several
 * clients always send, `bucket-owner-full-control`, and a grant of full control to the owner).
 *
 * @returns whether there was any ACL header
 * @throws S3Error `AccessControlListNotSupported`, `InvalidArgument` for a name that no canned ACL has
 */
export function checkAclHeaders(headers: HeaderMap, principal: Principal): boolean {
  const canned = headers.get('x-amz-acl');
  if (canned !== undefined && canned !== 'private' && canned !== 'bucket-owner-full-control') {
    if (!CANNED_ACLS.has(canned)) throw S3Error.invalidArgument('x-amz-acl', canned, 'No canned ACL has this name.');
    throw aclsDisabled();
  }
  for (const name of GRANT_HEADERS) if (headers.has(name)) throw aclsDisabled();
  const fullControl = headers.get('x-amz-grant-full-control');
  if (fullControl !== undefined && !grantsOnly(fullControl, ownerOf(principal).id)) throw aclsDisabled();
  return canned !== undefined || fullControl !== undefined;
}

function grantsOnly(header: string, ownerId: string): boolean {
  const grantee = header.trim();
  return grantee === `id=${ownerId}` || grantee === `id="${ownerId}"`;
}

/** The error for any ACL that would change something. */
export function aclsDisabled(): S3Error {
  return new S3Error('AccessControlListNotSupported', {
    message: 'The bucket does not allow ACLs: leave the ACL out, and give access by grants in the configuration.',
  });
}
