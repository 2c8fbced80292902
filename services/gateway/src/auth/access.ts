import { Injectable } from '@nestjs/common';
import { S3Error } from '../errors/s3-error.js';
import type { AnonymousAccess, BucketMapping, Grant } from '../config/snapshot.js';
import { isAnonymous, type Principal } from './identity.js';
import type { Permission } from './permission.js';

const ANONYMOUS_PERMISSIONS: Readonly<Record<AnonymousAccess, readonly Permission[]>> = {
  none: [],
  read: ['read'],
  list: ['list'],
  'read-list': ['read', 'list'],
};

/** Decides who may do what: identity x bucket x permission x key prefix. Deny by default. */
@Injectable()
export class Access {
  /**
   * Whether a principal has a permission on a key of a bucket, or (for `list`) on a listing prefix.
   *
   * @param scope the key, the listing's prefix, or undefined for the bucket as a whole, which only a grant without a prefix covers
   */
  allows(principal: Principal, mapping: BucketMapping, permission: Permission, scope?: string): boolean {
    if (ANONYMOUS_PERMISSIONS[mapping.anonymous].includes(permission)) return true;
    if (isAnonymous(principal)) return false;
    return mapping.grants.some((grant) => covers(grant, principal.accessKeyId, permission, scope));
  }

  /**
   * Lets in whoever has some permission on some of a bucket's keys: what every client asks at connect time (location,
   * versioning, ACL) must not fail for a key that sees one folder of the bucket only.
   *
   * @throws S3Error `AccessDenied`
   */
  requireAny(principal: Principal, mapping: BucketMapping): void {
    if (mapping.anonymous === 'none' && !this.hasGrant(principal, mapping)) throw new S3Error('AccessDenied');
  }

  /**
   * The error to answer a failed read of a key with. That a key is not there is only for who may list it, as in S3 (GetObject,
   * "Permissions"): told to others, it would tell which keys are there.
   */
  hideMissing(error: unknown, principal: Principal, mapping: BucketMapping, key: string): unknown {
    if (!(error instanceof S3Error) || error.code !== 'NoSuchKey') return error;
    return this.allows(principal, mapping, 'list', key) ? error : new S3Error('AccessDenied', { cause: error });
  }

  /** Whether a principal has some grant in a bucket; such buckets it sees in ListBuckets. */
  hasGrant(principal: Principal, mapping: BucketMapping): boolean {
    return !isAnonymous(principal) && mapping.grants.some((grant) => grant.accessKeyId === principal.accessKeyId);
  }

  /** @throws S3Error `AccessDenied` */
  require(principal: Principal, mapping: BucketMapping, permission: Permission, scope?: string): void {
    if (!this.allows(principal, mapping, permission, scope)) throw new S3Error('AccessDenied');
  }
}

function covers(grant: Grant, accessKeyId: string, permission: Permission, scope: string | undefined): boolean {
  if (grant.accessKeyId !== accessKeyId || !grant.permissions.has(permission)) return false;
  return grant.prefix === '' || (scope !== undefined && scope.startsWith(grant.prefix));
}
