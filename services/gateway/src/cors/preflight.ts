import { Injectable } from '@nestjs/common';
import type { CorsRule } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { S3Request } from '../http/s3-request.js';
import type { S3Response } from '../http/s3-response.js';
import { Buckets } from '../objects/buckets.js';
import {
  type Operation,
  type OperationContext,
  type OperationDescription,
  S3Operation,
} from '../operations/operation.js';
import { SUB_RESOURCES } from '../operations/sub-resources.js';
import { ruleHeaders } from './cors-headers.js';
import { CORS_METHODS, findCorsRule } from './cors-rules.js';

// It has the query of the request that will follow, and is answered the same whatever that is.
const PREFLIGHT = {
  method: 'OPTIONS',
  optionalQuery: [...SUB_RESOURCES],
  permission: 'public',
  body: 'none',
} as const satisfies Partial<OperationDescription>;

const NOT_ALLOWED =
  'This CORS request is not allowed: no rule of the bucket allows this origin with this method and these headers.';

/**
 * Answers a CORS preflight by the bucket's rules ("OPTIONS object" of the Amazon S3 API reference). It needs no
 * signature: browsers send none, and the answer says nothing but what the rules tell every origin they name.
 */
@Injectable()
abstract class Preflight implements Operation {
  constructor(private readonly buckets: Buckets) {}

  async execute({ request }: OperationContext): Promise<S3Response> {
    const origin = request.headers.get('origin');
    if (origin === undefined) {
      throw new S3Error('BadRequest', { message: 'Insufficient information. Origin request header needed.' });
    }
    const method = request.headers.get('access-control-request-method');
    if (method === undefined || !CORS_METHODS.includes(method)) {
      throw new S3Error('BadRequest', { message: `Invalid Access-Control-Request-Method: ${method ?? 'null'}` });
    }
    const requested = headerNames(request.headers.get('access-control-request-headers'));
    const rule = findCorsRule(await this.rules(request), origin, method, requested);
    if (rule === undefined) throw forbidden(request, NOT_ALLOWED);
    const headers = ruleHeaders(rule, origin);
    if (requested.length > 0) headers.push('Access-Control-Allow-Headers', requested.join(', '));
    return { status: 200, headers };
  }

  private async rules(request: S3Request): Promise<readonly CorsRule[]> {
    const { path } = request;
    if (path.kind === 'root') throw forbidden(request, 'CORS is not enabled for the list of buckets.');
    const { cors } = await (await this.buckets.find(path.bucket)).settings();
    if (cors === undefined || cors.length === 0) throw forbidden(request, 'CORS is not enabled for this bucket.');
    return cors;
  }
}

/** A preflight for the list of buckets, which has no CORS rules. */
@S3Operation({ ...PREFLIGHT, name: 'PreflightService', resource: 'root' })
export class ServicePreflight extends Preflight {}

/** A preflight for an operation on a bucket. */
@S3Operation({ ...PREFLIGHT, name: 'PreflightBucket', resource: 'bucket' })
export class BucketPreflight extends Preflight {}

/** A preflight for an operation on an object. */
@S3Operation({ ...PREFLIGHT, name: 'PreflightObject', resource: 'object' })
export class ObjectPreflight extends Preflight {}

function headerNames(list: string | undefined): readonly string[] {
  if (list === undefined) return [];
  return list
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function forbidden(request: S3Request, reason: string): S3Error {
  return new S3Error('AccessForbidden', {
    message: `CORSResponse: ${reason}`,
    details: {
      Method: request.headers.get('access-control-request-method') ?? '',
      ResourceType: request.path.kind === 'object' ? 'OBJECT' : 'BUCKET',
    },
  });
}
