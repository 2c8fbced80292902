import { Injectable, SetMetadata, applyDecorators } from '@nestjs/common';
import type { Principal } from '../auth/identity.js';
import type { Permission } from '../auth/permission.js';
import type { BodyFraming } from '../body/body-framing.js';
import type { BodyKind } from '../body/body-kind.js';
import type { ObjectKey } from '../http/object-key.js';
import type { S3PathKind } from '../http/s3-path.js';
import type { S3Request } from '../http/s3-request.js';
import type { S3Response } from '../http/s3-response.js';
import type { Bucket } from '../objects/buckets.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { Observed } from '../http/observed.js';

/** How a request picks an operation, and what the pipeline must know before the operation runs. */
export interface OperationDescription {
  /** S3's name: in metrics, the access log and errors. */
  readonly name: string;
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'OPTIONS';
  readonly resource: S3PathKind;
  /** Query parameters that must all be there; they are the sub-resource. */
  readonly query?: readonly string[];
  /** Headers that must all be there (`x-amz-copy-source`). */
  readonly headers?: readonly string[];
  /** Further sub-resource parameters that this operation understands (`partNumber` of GetObject). */
  readonly optionalQuery?: readonly string[];
  /**
   * Needed on the request's bucket and key.
   * - `any`: some permission on some of the bucket's keys, for what only tells that the bucket exists.
   * - `authenticated`: any identity; the operation finds the bucket and decides itself.
   * - `public`: no authentication at all (CORS preflight).
   */
  readonly permission: Permission | 'any' | 'authenticated' | 'public';
  readonly body: BodyKind;
}

/** What every operation gets. */
export interface OperationContext {
  readonly request: S3Request;
  readonly principal: Principal;
  /** How to decode the body; meaningful where the operation takes one. */
  readonly framing: BodyFraming;
  /** For the operation to write to. */
  readonly observed: Observed;
}

/** Of an operation on a bucket (`resource: 'bucket'` with a {@link Permission}): found and authorized. */
export interface BucketContext extends OperationContext {
  readonly bucket: Bucket;
}

/** Of an operation on an object (`resource: 'object'` with a {@link Permission}): bucket found, key authorized. */
export interface ObjectContext extends BucketContext {
  readonly key: ObjectKey;
}

/** One S3 operation: a small class that decodes, operates and describes the answer. */
export interface Operation<Context extends OperationContext = OperationContext> {
  execute(context: Context): MaybePromise<S3Response>;
}

export const OPERATION_METADATA = 'bucketway:operation';

/** Declares a class as an S3 operation; the dispatcher finds it by Nest's discovery. */
export function S3Operation(description: OperationDescription): ClassDecorator {
  return applyDecorators(Injectable(), SetMetadata(OPERATION_METADATA, description));
}
