import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { Access } from '../auth/access.js';
import { AuthGate } from '../auth/auth-gate.js';
import { ANONYMOUS, isAnonymous } from '../auth/identity.js';
import type { Permission } from '../auth/permission.js';
import { expectNoBody } from '../body/request-document.js';
import { SnapshotStore } from '../config/snapshot-store.js';
import { S3Error } from '../errors/s3-error.js';
import type { Exchange } from '../http/exchange.js';
import { hoistedHeaders } from '../http/hoisted-headers.js';
import { parseRequest } from '../http/request-parser.js';
import type { S3Request } from '../http/s3-request.js';
import type { S3Response } from '../http/s3-response.js';
import { Buckets } from '../objects/buckets.js';
import { RequestObserver } from '../observability/request-observer.js';
import {
  OPERATION_METADATA,
  type BucketContext,
  type ObjectContext,
  type Operation,
  type OperationContext,
  type OperationDescription,
} from './operation.js';
import { checkExpectedBucketOwner } from './shared/expected-bucket-owner.js';
import { OperationTable, type TableEntry } from './operation-table.js';

/**
 * Takes a request through the stages: parse, dispatch, authenticate, find the bucket, authorize, operate. There is no other
 * way to an operation.
 */
@Injectable()
export class Dispatcher implements OnModuleInit {
  private table = new OperationTable([]);

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly snapshots: SnapshotStore,
    private readonly gate: AuthGate,
    private readonly access: Access,
    private readonly buckets: Buckets,
    private readonly observer: RequestObserver,
  ) {}

  onModuleInit(): void {
    const entries: TableEntry[] = [];
    for (const { metatype, instance } of this.discovery.getProviders()) {
      if (!metatype || !instance) continue;
      const description = this.reflector.get<OperationDescription | undefined>(OPERATION_METADATA, metatype);
      if (description) entries.push({ description, operation: instance as Operation<never> });
    }
    this.table = new OperationTable(entries);
  }

  /** @throws S3Error whatever the client is to be told */
  async dispatch(exchange: Exchange): Promise<S3Response> {
    const { arrived, request, entry } = this.match(exchange);
    const context = await this.admit(exchange, arrived, request, entry.description);
    if (entry.description.body === 'none') expectNoBody(request);
    return (entry.operation as Operation).execute(context);
  }

  /** The request as it came, and as its operation is to read it. */
  private match(exchange: Exchange): { arrived: S3Request; request: S3Request; entry: TableEntry } {
    try {
      const arrived = parseRequest(exchange, this.snapshots.current);
      exchange.request = arrived;
      const headers = hoistedHeaders(arrived);
      const request = headers === arrived.headers ? arrived : { ...arrived, headers };
      const entry = this.table.find(request);
      exchange.operation = entry.description;
      return { arrived, request, entry };
    } finally {
      this.observer.started(exchange.operation?.name);
    }
  }

  private async admit(
    exchange: Exchange,
    arrived: S3Request,
    request: S3Request,
    { permission, body }: OperationDescription,
  ): Promise<OperationContext | BucketContext | ObjectContext> {
    if (permission === 'public') return { request, principal: ANONYMOUS, framing: { kind: 'plain' } };
    const { principal, framing, scheme } = this.gate.authenticate(arrived, body, this.snapshots.current);
    exchange.principal = principal;
    exchange.scheme = scheme;
    const { path } = request;
    if (permission === 'authenticated' || path.kind === 'root') {
      // A form brings its credentials in its fields.
      if (isAnonymous(principal) && body !== 'form') throw new S3Error('AccessDenied');
      return { request, principal, framing };
    }
    const bucket = await this.buckets.find(path.bucket);
    exchange.bucket = bucket;
    if (permission === 'any') this.access.requireAny(principal, bucket.mapping);
    else this.access.require(principal, bucket.mapping, permission, scopeOf(request, permission));
    checkExpectedBucketOwner(request.headers, principal);
    return path.kind === 'object'
      ? { request, principal, framing, bucket, key: path.key }
      : { request, principal, framing, bucket };
  }
}

/** What of a bucket a request is about: its key, the prefix of a listing, or undefined for the bucket as a whole. */
function scopeOf({ path, query }: S3Request, permission: Permission): string | undefined {
  if (path.kind === 'object') return path.key;
  return permission === 'list' ? (query.get('prefix') ?? '') : undefined;
}
