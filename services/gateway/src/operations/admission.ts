import { Injectable } from '@nestjs/common';
import { Access } from '../auth/access.js';
import { AuthGate } from '../auth/auth-gate.js';
import { ANONYMOUS, isAnonymous } from '../auth/identity.js';
import type { Permission } from '../auth/permission.js';
import type { Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { Exchange } from '../http/exchange.js';
import type { S3Request } from '../http/s3-request.js';
import { Buckets } from '../objects/buckets.js';
import type { BucketContext, ObjectContext, OperationContext, OperationDescription } from './operation.js';
import { checkExpectedBucketOwner } from './parameters/expected-bucket-owner.js';

/** A request that is to be let in. */
export interface Applicant {
  readonly exchange: Exchange;
  /** As it came: what the gate judges. */
  readonly arrived: S3Request;
  /** As its operation is to read it. */
  readonly request: S3Request;
  readonly description: OperationDescription;
}

/** Lets a request in to its operation, or not: who it is from, which bucket it is for, and whether the one may do this in the other. */
@Injectable()
export class Admission {
  constructor(
    private readonly gate: AuthGate,
    private readonly access: Access,
    private readonly buckets: Buckets,
  ) {}

  /** @throws S3Error what is wrong with the authentication; `NoSuchBucket`; `AccessDenied` */
  async admit(
    { exchange, arrived, request, description }: Applicant,
    snapshot: Snapshot,
  ): Promise<OperationContext | BucketContext | ObjectContext> {
    const { permission, body } = description;
    if (permission === 'public')
      return { request, principal: ANONYMOUS, framing: { kind: 'plain' }, observed: exchange };
    const { principal, framing, scheme } = this.gate.authenticate(arrived, body, snapshot);
    exchange.principal = principal;
    exchange.scheme = scheme;
    const { path } = request;
    if (permission === 'authenticated' || path.kind === 'root') {
      // A form brings its credentials in its fields.
      if (isAnonymous(principal) && body !== 'form') throw new S3Error('AccessDenied');
      return { request, principal, framing, observed: exchange };
    }
    const bucket = await (path.kind === 'object'
      ? this.buckets.findRecent(path.bucket)
      : this.buckets.find(path.bucket));
    exchange.bucket = bucket;
    if (permission === 'any') this.access.requireAny(principal, bucket.mapping);
    else this.access.require(principal, bucket.mapping, permission, scopeOf(request, permission));
    checkExpectedBucketOwner(request.headers, principal);
    const admitted =
      body === 'none' ? request : { ...request, confirm: (heldBack: boolean) => bucket.confirm(heldBack) };
    return path.kind === 'object'
      ? { request: admitted, principal, framing, observed: exchange, bucket, key: path.key }
      : { request: admitted, principal, framing, observed: exchange, bucket };
  }
}

/** What of a bucket a request is about: its key, the prefix of a listing, or undefined for the bucket as a whole. */
function scopeOf({ path, query }: S3Request, permission: Permission): string | undefined {
  if (path.kind === 'object') return path.key;
  return permission === 'list' ? (query.get('prefix') ?? '') : undefined;
}
