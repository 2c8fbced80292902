import { Injectable, Logger } from '@nestjs/common';
import { corsHeaders } from '../cors/cors-headers.js';
import { S3Error } from '../errors/s3-error.js';
import type { MaybePromise } from '../maybe-promise.js';
import { Buckets, type BucketSettings } from '../objects/buckets.js';
import { RepeatedLines } from '../observability/repeated-lines.js';
import { RequestObserver } from '../observability/request-observer.js';
import { KnownOutage } from '../storage/health/known-outage.js';
import { errorDocument } from '../xml/error-document.js';
import type { BucketName } from './bucket-name.js';
import type { Exchange } from './exchange.js';
import { lingeringEnd, mustClose } from './lingering-end.js';
import { HOST_ID } from './request-id.js';
import { SMALL_BODY_BYTES, pumpBody, readSmallBody } from './response-pump.js';
import type { S3Request } from './s3-request.js';
import type { S3Response, StreamedBody } from './s3-response.js';

const NONE: readonly string[] = [];

/** Puts answers on the wire: the last stage, for successes and errors alike. */
@Injectable()
export class Responder {
  private readonly logger = new Logger(Responder.name);
  private readonly outages = new RepeatedLines();

  constructor(
    private readonly observer: RequestObserver,
    private readonly buckets: Buckets,
  ) {}

  /**
   * Sends an answer and reports the finished exchange. Closes the body's reader, whatever happens.
   *
   * @throws what reading the body fails with; the exchange is then not finished, and {@link sendError} ends and reports it
   */
  async send(exchange: Exchange, answer: S3Response): Promise<void> {
    const { response } = exchange;
    const { body } = answer;
    try {
      const found = this.corsHeadersOf(exchange);
      const cors = found instanceof Promise ? await found : found;
      if (response.destroyed) return this.observer.finished(exchange.record());
      const headers = ['x-amz-request-id', exchange.id, 'x-amz-id-2', HOST_ID, 'Server', 'Bucketway', ...cors];
      for (const value of answer.headers) headers.push(value);
      const head = exchange.raw.method === 'HEAD';
      const bytes = typeof body === 'string' || Buffer.isBuffer(body) ? Buffer.byteLength(body) : undefined;
      if (typeof body === 'string') headers.push('Content-Type', 'application/xml');
      if (bytes !== undefined) headers.push('Content-Length', String(bytes));
      else if (body === undefined && !head && answer.status !== 204 && answer.status !== 304)
        headers.push('Content-Length', '0');
      // Read before the headers are written: a storage that fails now can still be told as an error.
      const small = isStream(body) && !head && body.length <= SMALL_BODY_BYTES ? wholeBody(body) : body;
      const ready = small instanceof Promise ? await small : small;
      if (mustClose(exchange)) headers.push('Connection', 'close');
      exchange.answering();
      response.writeHead(answer.status, headers);
      if (!head) exchange.bytesOut = bytes ?? (Buffer.isBuffer(ready) ? ready.length : 0);
      const sending = this.sendBody(exchange, head ? undefined : ready);
      if (sending !== undefined) await sending;
    } finally {
      const closing = isStream(body) ? body.reader.close() : undefined;
      if (closing !== undefined) await closing;
    }
    this.observer.finished(exchange.record());
  }

  /** Sends an error as S3 does. What is not an {@link S3Error} is logged and told as `InternalError`, without its text. */
  async sendError(exchange: Exchange, error: unknown): Promise<void> {
    const known = error instanceof S3Error ? error : new S3Error('InternalError', { cause: error });
    exchange.errorCode = known.code;
    if (known.status >= 500 && known.code !== 'NotImplemented') this.logFailure(exchange, known);
    const { response } = exchange;
    if (response.headersSent) {
      // Too late for an error; a broken connection is the only sign of one that a client cannot overlook.
      response.destroy();
      this.observer.finished(exchange.record());
      return;
    }
    const headers: string[] = [];
    for (const [name, value] of Object.entries(known.headers)) headers.push(name, value);
    if (exchange.raw.method === 'HEAD') await this.send(exchange, { status: known.status, headers });
    else {
      const resource = exchange.target.split('?', 1)[0] as string;
      const body = errorDocument(known, resource, exchange.id, HOST_ID);
      await this.send(exchange, { status: known.status, headers, body });
    }
  }

  private sendBody(exchange: Exchange, body: S3Response['body']): MaybePromise<void> {
    if (isStream(body)) return this.pump(exchange, body);
    return lingeringEnd(exchange, body);
  }

  private async pump(exchange: Exchange, body: StreamedBody): Promise<void> {
    const { response } = exchange;
    exchange.bytesOut = await pumpBody(response, body);
    if (exchange.bytesOut === body.length) response.end();
    else response.destroy();
  }

  /** Also for errors, or a page could not tell one from another, and for requests that were refused before their bucket was looked for. */
  private corsHeadersOf({ request, bucket, operation }: Exchange): MaybePromise<readonly string[]> {
    const origin = request?.headers.get('origin');
    // A preflight brings its own.
    if (!request || request.path.kind === 'root' || operation?.permission === 'public') return NONE;
    if (origin === undefined && bucket === undefined) return NONE;
    const settings = bucket?.settings();
    if (settings !== undefined && !(settings instanceof Promise)) return corsOf(request, settings);
    return this.laterCorsHeaders(request, request.path.bucket, settings);
  }

  private async laterCorsHeaders(
    request: S3Request,
    name: BucketName,
    settings: Promise<BucketSettings> | undefined,
  ): Promise<readonly string[]> {
    try {
      return corsOf(request, await (settings ?? (await this.buckets.find(name)).settings()));
    } catch {
      // No such bucket, or its storage is away: whatever else is answered must not turn into that error.
      return NONE;
    }
  }

  private logFailure(exchange: Exchange, error: S3Error): void {
    const line = `${exchange.operation?.name ?? exchange.raw.method} ${error.code} (request ${exchange.id}): ${error.message}`;
    if (error.cause instanceof KnownOutage) {
      const untold = this.outages.tell(error.message, performance.now());
      if (untold !== undefined) this.logger.error(untold === 0 ? line : `${line} (${untold} more like it before)`);
      return;
    }
    const cause = error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : '';
    this.logger.error(line, cause);
  }
}

function corsOf({ headers, method }: S3Request, { cors }: BucketSettings): readonly string[] {
  return corsHeaders(cors, headers.get('origin'), headers.get('access-control-request-method') ?? method);
}

function wholeBody(body: StreamedBody): MaybePromise<Buffer> {
  const { content } = body.reader;
  // Of a file that was cut short while it was read there is less: the reader says so before headers promise more.
  return content?.length === body.length ? content : readSmallBody(body);
}

function isStream(body: S3Response['body']): body is StreamedBody {
  return typeof body === 'object' && 'reader' in body;
}
