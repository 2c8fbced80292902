import { Injectable } from '@nestjs/common';
import { Access } from '../auth/access.js';
import { expectNoBody } from '../body/request-document.js';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { Snapshot } from '../config/snapshot.js';
import type { Exchange } from '../http/exchange.js';
import { hoistedHeaders } from '../http/hoisted-headers.js';
import { parseRequest } from '../http/request-parser.js';
import type { S3Request } from '../http/s3-request.js';
import type { S3Response } from '../http/s3-response.js';
import { toS3Error } from '../objects/to-s3-error.js';
import { RequestObserver } from '../observability/request-observer.js';
import { Admission } from './admission.js';
import type { BucketContext, ObjectContext, Operation, OperationContext, OperationDescription } from './operation.js';
import { OperationRegistry } from './operation-registry.js';
import type { TableEntry } from './operation-table.js';

/**
 * Takes a request through the stages: parse, dispatch, admit (authenticate, find the bucket, authorize), operate. There is no
 * other way to an operation.
 */
@Injectable()
export class Dispatcher {
  constructor(
    private readonly registry: OperationRegistry,
    private readonly admission: Admission,
    private readonly access: Access,
    private readonly snapshots: SnapshotStore,
    private readonly observer: RequestObserver,
  ) {}

  /** @throws S3Error whatever the client is to be told */
  async dispatch(exchange: Exchange): Promise<S3Response> {
    const snapshot = this.snapshots.current;
    const { arrived, request, entry } = this.match(exchange, snapshot);
    const { description } = entry;
    const context = await this.admission.admit({ exchange, arrived, request, description }, snapshot);
    if (description.body === 'none') expectNoBody(request);
    try {
      const answer = (entry.operation as Operation).execute(context);
      return answer instanceof Promise ? await answer : answer;
    } catch (error) {
      throw this.toTell(toS3Error(error), description, context);
    }
  }

  /** Who may not list hears of a read no more than that it is denied. */
  private toTell(
    error: unknown,
    { permission }: OperationDescription,
    context: OperationContext | BucketContext | ObjectContext,
  ): unknown {
    if (permission !== 'read' || !('key' in context)) return error;
    return this.access.hideMissing(error, context.principal, context.bucket.mapping, context.key);
  }

  private match(exchange: Exchange, snapshot: Snapshot): { arrived: S3Request; request: S3Request; entry: TableEntry } {
    try {
      const arrived = parseRequest(exchange, snapshot);
      exchange.request = arrived;
      const headers = hoistedHeaders(arrived);
      const request = headers === arrived.headers ? arrived : { ...arrived, headers };
      const entry = this.registry.find(request);
      exchange.operation = entry.description;
      return { arrived, request, entry };
    } finally {
      this.observer.started(exchange.operation?.name);
    }
  }
}
