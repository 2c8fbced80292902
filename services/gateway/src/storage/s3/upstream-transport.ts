import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import { DirectReadsAgent } from '../http/direct-reads-agent.js';
import { RequestSlots, SLOT_PATIENCE_MS } from '../http/request-slots.js';
import { OutgoingBody } from './outgoing-body.js';
import type { S3StorageOptions } from './s3-storage-options.js';
import { UpstreamFailure } from './upstream-failure.js';

/** The longest answer that is no object: a listing of a thousand keys, or an upload of ten thousand parts, is below 4 MiB. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const MAX_ERROR_BYTES = 256 * 1024;
/** How many times the longest silence such an answer may take from its head to its end: a byte now and then is no silence. */
const MAX_SILENCES = 4;
/** How long a server that knows no `100 Continue` is waited for, in milliseconds. */
const CONTINUE_TIMEOUT_MS = 1_000;
const IDLE_CONNECTION_MS = 4_000;
const NON_ASCII = /[^\t -~]/;

/** How a request differs from others, given beside its command. */
export interface RequestHints {
  readonly abortSignal?: AbortSignal;
  /** Milliseconds of silence until it is given up, instead of the idle timeout. */
  readonly requestTimeout?: number;
}

/** A signed request as the SDK hands it over. */
interface SignedRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface Answer {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: IncomingMessage | Uint8Array;
}

export interface TransportOptions extends Pick<S3StorageOptions, 'connectTimeoutMs' | 'idleTimeoutMs' | 'ca'> {
  readonly maxConnections: number;
  /** Whether bodies of successful answers are objects, to be streamed; else they are read here, within limits. */
  readonly streams: boolean;
}

/**
 * Carries the SDK's requests over node:http: header values as bytes, redirects never followed, time limits that count the
 * upstream's silence and not the client's, and bodies whose buffers are given back when the kernel has them.
 */
export class UpstreamTransport {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  private readonly agents: { readonly 'http:': http.Agent; readonly 'https:': https.Agent };
  private readonly slots: RequestSlots;

  constructor(private readonly options: TransportOptions) {
    this.slots = new RequestSlots(options.maxConnections, SLOT_PATIENCE_MS);
    const common = {
      keepAlive: true,
      maxSockets: options.maxConnections,
      // Shorter than what servers keep: a connection that the server is closing costs a request.
      timeout: IDLE_CONNECTION_MS,
      scheduling: 'lifo' as const,
    };
    this.agents = {
      'http:': options.streams ? new DirectReadsAgent(common) : new http.Agent(common),
      'https:': new https.Agent({
        ...common,
        ...(options.ca !== undefined && { ca: [...tls.getCACertificates('default'), options.ca] }),
      }),
    };
  }

  /** The SDK's entrance. @throws StorageError `too-many-open` where no connection became free in time */
  async handle(request: SignedRequest, hints: RequestHints = {}): Promise<{ response: Answer }> {
    const release = await this.slots.acquire(hints.abortSignal);
    try {
      const response = await this.exchangeAgain(request, hints);
      // A body holds its connection for as long as its reader takes.
      if (response.body instanceof http.IncomingMessage && !response.body.closed) response.body.once('close', release);
      else release();
      return { response };
    } catch (error) {
      release();
      throw error;
    }
  }

  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {};
  }

  destroy(): void {
    this.agents['http:'].destroy();
    this.agents['https:'].destroy();
  }

  private async exchangeAgain(request: SignedRequest, hints: RequestHints): Promise<Answer> {
    try {
      return await this.exchange(request, hints);
    } catch (error) {
      // An idle connection that the server has just closed; nothing was sent on it but the head.
      if (!isUnusedConnection(error)) throw error;
      return this.exchange(request, hints);
    }
  }

  private exchange(signed: SignedRequest, { abortSignal, requestTimeout }: RequestHints): Promise<Answer> {
    const { body } = signed;
    const silenceMs = requestTimeout ?? this.options.idleTimeoutMs;
    const outgoing = body instanceof OutgoingBody ? body : undefined;
    return new Promise<Answer>((resolve, reject) => {
      const request = this.open(signed, outgoing !== undefined, abortSignal);
      const silence = new SilenceTimer(request, silenceMs);
      let attached = false;
      const attach = (): void => {
        if (attached || request.destroyed) return;
        attached = true;
        silence.stop();
        outgoing?.attach(request);
      };
      request.once('error', (error) => {
        silence.stop();
        reject(Object.assign(error, { [UNUSED]: request.reusedSocket && !attached && outgoing !== undefined }));
      });
      request.once('response', (response) => {
        silence.stop();
        this.receive(request, response, silenceMs).then(resolve, reject);
      });
      request.once('socket', () => silence.start());
      if (outgoing === undefined) {
        request.end(body);
        return;
      }
      request.once('continue', attach);
      request.once('finish', () => silence.start());
      request.once('socket', (socket) => {
        const begin = (): unknown => setTimeout(attach, CONTINUE_TIMEOUT_MS).unref();
        if (socket.connecting) socket.once('connect', begin);
        else begin();
      });
      request.flushHeaders();
    });
  }

  private open(signed: SignedRequest, streamed: boolean, signal: AbortSignal | undefined): ClientRequest {
    const { protocol, hostname, port, method } = signed;
    const secure = protocol === 'https:';
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(signed.headers)) headers[name] = toBytes(value);
    if (streamed) headers['expect'] = '100-continue';
    const request = (secure ? https : http).request({
      host: hostname.replace(/^\[|\]$/g, ''),
      ...(port !== undefined && { port }),
      method,
      path: signed.path + queryString(signed.query),
      headers,
      agent: secure ? this.agents['https:'] : this.agents['http:'],
      ...(signal && { signal }),
    });
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      const late = setTimeout(() => request.destroy(new UpstreamFailure('connect')), this.options.connectTimeoutMs);
      socket.once(secure ? 'secureConnect' : 'connect', () => clearTimeout(late));
      socket.once('close', () => clearTimeout(late));
    });
    return request;
  }

  private async receive(request: ClientRequest, response: IncomingMessage, silenceMs: number): Promise<Answer> {
    const statusCode = response.statusCode ?? 0;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(response.headers)) {
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    }
    const streamed = this.options.streams && statusCode >= 200 && statusCode < 300;
    const body = streamed ? response : await this.collect(request, response, silenceMs);
    return { statusCode, reason: response.statusMessage ?? '', headers, body };
  }

  private async collect(request: ClientRequest, response: IncomingMessage, silenceMs: number): Promise<Uint8Array> {
    const chunks: Buffer[] = [];
    const limit = (response.statusCode ?? 0) < 300 ? MAX_ANSWER_BYTES : MAX_ERROR_BYTES;
    let size = 0;
    const silence = new SilenceTimer(request, silenceMs);
    const whole = new SilenceTimer(request, silenceMs * MAX_SILENCES);
    silence.start();
    whole.start();
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        silence.start();
        size += chunk.length;
        if (size > limit) throw new UpstreamFailure('too-long');
        chunks.push(chunk);
      }
    } finally {
      silence.stop();
      whole.stop();
    }
    // An answer before the end of the request's body leaves a connection that is good for nothing else.
    if (!request.writableFinished) request.destroy();
    return Buffer.concat(chunks);
  }
}

const UNUSED = Symbol('connection was closed before it was used');

function isUnusedConnection(error: unknown): boolean {
  return error instanceof Error && (error as { [UNUSED]?: boolean })[UNUSED] === true;
}

/** Ends a request when the upstream says nothing for too long. */
class SilenceTimer {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: ClientRequest,
    private readonly limitMs: number,
  ) {}

  start(): void {
    if (this.timer === undefined) {
      this.timer = setTimeout(() => this.request.destroy(new UpstreamFailure('stalled')), this.limitMs);
    } else this.timer.refresh();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}

/** The SDK signs text; on the wire a header is the bytes of its UTF-8. */
function toBytes(value: string): string {
  return NON_ASCII.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
}

function queryString(query: SignedRequest['query']): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    const key = encode(name);
    if (value === null) pairs.push(key);
    else if (typeof value === 'string') pairs.push(`${key}=${encode(value)}`);
    else for (const one of value) pairs.push(`${key}=${encode(one)}`);
  }
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
