import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { AuthenticationScheme } from '../auth/authentication-scheme.js';
import { isAnonymous, type Principal } from '../auth/identity.js';
import { bytesPumped } from '../body/stream-pump.js';
import type { S3ErrorCode } from '../errors/s3-error-codes.js';
import { redactTarget } from '../observability/redact-target.js';
import type { AuthenticationType, RequestRecord } from '../observability/request-record.js';
import type { Bucket } from '../objects/buckets.js';
import type { Observed } from './observed.js';
import type { OperationDescription } from '../operations/operation.js';
import { newRequestId } from './request-id.js';
import type { S3Request } from './s3-request.js';

/** Status that the access log shows for a client that went away before it was answered. */
const CLIENT_CLOSED_REQUEST = 499;

/** In the words of S3's server access log. */
const AUTHENTICATION_TYPES: Readonly<Record<Exclude<AuthenticationScheme, 'anonymous'>, AuthenticationType>> = {
  'v4-header': 'AuthHeader',
  'v4-query': 'QueryString',
  'v4-form': 'PostPolicy',
  'v2-header': 'AuthHeader',
  'v2-query': 'QueryString',
  'v2-form': 'PostPolicy',
};

/** One request and its answer, from the headers to the last byte: what the stages of the pipeline find out, for the answer and the log. */
export class Exchange implements Observed {
  readonly id = newRequestId();
  readonly receivedAt = new Date();
  private readonly startedAt = performance.now();
  /** Set by the parser; undefined where the request could not be parsed. */
  request: S3Request | undefined;
  operation: OperationDescription | undefined;
  /** The bucket worked on, once found. */
  bucket: Bucket | undefined;
  principal: Principal | undefined;
  scheme: AuthenticationScheme | undefined;
  errorCode: S3ErrorCode | undefined;
  objectSize: number | undefined;
  /** Body bytes written. */
  bytesOut = 0;
  private answeredAt = 0;

  constructor(
    readonly raw: IncomingMessage,
    readonly response: ServerResponse,
    readonly target: string,
    readonly expectsContinue: boolean,
  ) {}

  /** Notes that the answer begins. */
  answering(): void {
    this.answeredAt = performance.now();
  }

  /** A header as it was sent, also of a request that could not be parsed. */
  header(name: string): string | undefined {
    if (this.request !== undefined) return this.request.headers.get(name);
    // Node puts its own map together when it is first asked, which is too dear for all others.
    const value = this.raw.headers[name];
    return typeof value === 'string' ? value : undefined;
  }

  /** The record of the finished exchange. */
  record(): RequestRecord {
    const now = performance.now();
    const { request, principal } = this;
    const scheme = this.scheme === 'anonymous' ? undefined : this.scheme;
    const path = request?.path;
    return {
      time: this.receivedAt,
      operation: this.operation?.name,
      method: this.raw.method ?? '',
      bucket: path && path.kind !== 'root' ? path.bucket : undefined,
      key: path?.kind === 'object' ? path.key : undefined,
      status: this.answeredAt === 0 ? CLIENT_CLOSED_REQUEST : this.response.statusCode,
      errorCode: this.errorCode,
      bytesIn: bytesReceived(this.raw, this.header('content-length')),
      bytesOut: this.bytesOut,
      objectSize: this.objectSize,
      totalMs: now - this.startedAt,
      turnAroundMs: (this.answeredAt || now) - this.startedAt,
      remoteAddress: request?.remoteAddress ?? this.raw.socket.remoteAddress ?? '',
      principal: principal && !isAnonymous(principal) ? principal : undefined,
      requestId: this.id,
      userAgent: this.header('user-agent'),
      referer: this.header('referer'),
      host: this.header('host'),
      versionId: '-',
      authenticationType: scheme && AUTHENTICATION_TYPES[scheme],
      signatureVersion: scheme && (scheme.startsWith('v4') ? 'SigV4' : 'SigV2'),
      tlsVersion: (this.raw.socket as Partial<TLSSocket>).getProtocol?.() ?? undefined,
      target: redactTarget(this.target),
    };
  }
}

/** Bytes of a body that came: its length is only what a client says, so of one that did not end those that were taken or wait to be. */
function bytesReceived(raw: IncomingMessage, contentLength: string | undefined): number {
  if (contentLength !== undefined && raw.complete) return Number(contentLength);
  return bytesPumped(raw) + (raw.complete ? 0 : raw.readableLength);
}
