import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import type { S3ErrorCode } from '../errors/s3-error-codes.js';
import { RequestObserver } from './request-observer.js';
import type { RequestRecord } from './request-record.js';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Refusals that say something of who is knocking: wrong keys, wrong clocks, replayed links, missing grants. */
const AUTHENTICATION_FAILURES: ReadonlySet<S3ErrorCode> = new Set<S3ErrorCode>([
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'AuthorizationQueryParametersError',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** What is counted of one operation, resolved once. */
interface OperationMetrics {
  readonly duration: Histogram.Internal<'operation'>;
  readonly firstByte: Histogram.Internal<'operation'>;
  readonly received: Counter.Internal;
  readonly sent: Counter.Internal;
  readonly inFlight: Gauge.Internal<'operation'>;
  /** By status and code. */
  readonly requests: Map<string, Counter.Internal>;
}

/**
 * Metrics of requests. Labels are an operation of the operation table, a status and a code of the error registry:
 * nothing that a client can make up.
 */
export class RequestMetrics extends RequestObserver {
  private readonly operations = new Map<string, OperationMetrics>();
  private readonly requests: Counter<'operation' | 'status' | 'code'>;
  private readonly duration: Histogram<'operation'>;
  private readonly firstByte: Histogram<'operation'>;
  private readonly received: Counter<'operation'>;
  private readonly sent: Counter<'operation'>;
  private readonly inFlight: Gauge<'operation'>;
  private readonly authFailures: Counter<'code'>;

  constructor(registry: Registry) {
    super();
    const registers = [registry];
    const labelNames = ['operation'] as const;
    this.requests = new Counter({
      name: 'bucketway_requests_total',
      help: 'Finished requests, by operation, HTTP status and S3 error code (empty for none).',
      labelNames: ['operation', 'status', 'code'],
      registers,
    });
    this.duration = new Histogram({
      name: 'bucketway_request_duration_seconds',
      help: 'From the headers of a request to the last byte of its answer.',
      labelNames,
      buckets: SECONDS,
      registers,
    });
    this.firstByte = new Histogram({
      name: 'bucketway_request_time_to_first_byte_seconds',
      help: 'From the headers of a request to the first byte of its answer; the body of an upload lies in between.',
      labelNames,
      buckets: SECONDS,
      registers,
    });
    this.received = new Counter({
      name: 'bucketway_request_received_bytes_total',
      help: 'Body bytes received.',
      labelNames,
      registers,
    });
    this.sent = new Counter({
      name: 'bucketway_request_sent_bytes_total',
      help: 'Body bytes sent.',
      labelNames,
      registers,
    });
    this.inFlight = new Gauge({
      name: 'bucketway_requests_in_flight',
      help: 'Requests being answered.',
      labelNames,
      registers,
    });
    this.authFailures = new Counter({
      name: 'bucketway_auth_failures_total',
      help: 'Requests refused for who sent them or how they were signed, by S3 error code.',
      labelNames: ['code'],
      registers,
    });
  }

  override started(operation: string | undefined): void {
    this.of(operation).inFlight.inc();
  }

  override finished(record: RequestRecord): void {
    const metrics = this.of(record.operation);
    metrics.inFlight.dec();
    metrics.duration.observe(record.totalMs / 1000);
    metrics.firstByte.observe(record.turnAroundMs / 1000);
    if (record.bytesIn > 0) metrics.received.inc(record.bytesIn);
    if (record.bytesOut > 0) metrics.sent.inc(record.bytesOut);
    this.outcome(metrics, record).inc();
    const { errorCode } = record;
    if (errorCode !== undefined && AUTHENTICATION_FAILURES.has(errorCode)) this.authFailures.inc({ code: errorCode });
  }

  private of(operation = 'Unknown'): OperationMetrics {
    let metrics = this.operations.get(operation);
    if (metrics === undefined) {
      metrics = {
        duration: this.duration.labels(operation),
        firstByte: this.firstByte.labels(operation),
        received: this.received.labels(operation),
        sent: this.sent.labels(operation),
        inFlight: this.inFlight.labels(operation),
        requests: new Map(),
      };
      this.operations.set(operation, metrics);
    }
    return metrics;
  }

  private outcome(
    { requests }: OperationMetrics,
    { operation = 'Unknown', status, errorCode }: RequestRecord,
  ): Counter.Internal {
    const code = errorCode ?? '';
    const key = `${status} ${code}`;
    let counter = requests.get(key);
    if (counter === undefined) {
      counter = this.requests.labels(operation, String(status), code);
      requests.set(key, counter);
    }
    return counter;
  }
}
