import tls from 'node:tls';
import type { LookupFunction } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { StorageError } from '../storage-error.js';
import type { HttpAnswer, HttpLimits, HttpRequest, HttpUpload, HttpUploadRequest } from './http-exchange.js';
import { DirectReadsAgent } from './direct-reads-agent.js';
import { sendDirectly } from './direct-request.js';
import { isSilence, isTransient, toHttpFailure } from './http-failure.js';
import { ReadSlots } from './read-slots.js';
import { RequestSlots, SLOT_PATIENCE_MS } from './request-slots.js';
import { RETRIED_STATUSES, retryDelay } from './retry-delay.js';
import { checkRedirect, MAX_REDIRECTS, publicLookup, type RedirectPolicy } from './safe-redirect.js';
import { StorageAnswer } from './storage-answer.js';
import { StreamedUpload } from './streamed-upload.js';

/** How a {@link StorageHttp} is made. */
export interface StorageHttpOptions {
  readonly limits: HttpLimits;
  /** Certificates, PEM, to trust in addition to the system's. */
  readonly ca?: string;
  /** Hosts (`name` or `name:port`) that redirects may lead to although their addresses are private. */
  readonly allowedRedirectHosts?: readonly string[];
  /** Resolves names; the system's unless given. */
  readonly lookup?: LookupFunction;
}

/** Compressed bytes would be neither of the length nor at the offsets that were asked for. */
const OWN_FIELDS = { 'accept-encoding': 'identity', 'user-agent': 'bucketway' };
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const OWN_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Connections that resolve names in one way. */
interface Connections {
  readonly kept: Agent;
  /** For large bodies. */
  readonly direct: DirectReadsAgent;
}

/** A read may have to look at the file again while it holds its slot. */
const MIN_OTHERS = 2;
/** Of those that are no uploads, for what clients cannot keep waiting: looks, listings, small files. */
const SHORT_SHARE = 1 / 4;

/**
 * The connections of one storage: its own, kept open, bounded in number, with time limits on every step. Proxies of the
 * environment are ignored, certificates are always checked, and redirects are followed by {@link follow} only.
 */
export class StorageHttp {
  private readonly limits: HttpLimits;
  private readonly allowedHosts: readonly string[];
  private readonly own: Connections;
  /** For hosts that the storage's server names: they resolve public addresses only. */
  private readonly foreign: Connections;
  private readonly slots: RequestSlots;
  /** Taken before one of those. */
  private readonly readSlots: ReadSlots;
  /** A request has waited in vain since the last answer came. */
  private silent = false;
  private answeredAt = 0;
  /** Apart from the others: an upload may read from the same server while it runs, and must not wait for its own slot. */
  private readonly uploadSlots: RequestSlots;

  constructor(options: StorageHttpOptions) {
    const { limits, ca, lookup } = options;
    this.limits = limits;
    this.allowedHosts = (options.allowedRedirectHosts ?? []).map((host) => host.toLowerCase());
    const trusted = ca === undefined ? {} : { ca: [...tls.getCACertificates('default'), ca] };
    const connect = (resolve: LookupFunction | undefined): Connections => ({
      kept: new Agent({
        allowH2: false,
        bodyTimeout: limits.idleTimeoutMs,
        connect: { timeout: limits.connectTimeoutMs, ...trusted, ...(resolve && { lookup: resolve }) },
      }),
      direct: new DirectReadsAgent({ keepAlive: false, ...(resolve && { lookup: resolve }) }),
    });
    this.own = connect(lookup);
    this.foreign = connect(publicLookup(lookup));
    const uploads = Math.max(1, Math.floor(limits.maxConcurrentRequests / 2));
    const others = Math.max(MIN_OTHERS, limits.maxConcurrentRequests - uploads);
    this.slots = new RequestSlots(others, SLOT_PATIENCE_MS);
    this.readSlots = new ReadSlots(others - Math.ceil(others * SHORT_SHARE), SLOT_PATIENCE_MS);
    this.uploadSlots = new RequestSlots(uploads, SLOT_PATIENCE_MS);
  }

  /**
   * Sends a request to the storage's server and gives the head of the answer, whatever its status.
   *
   * @throws StorageError `unavailable` where there is no answer, `too-many-open` where too many requests are under way
   */
  exchange(request: HttpRequest): Promise<HttpAnswer> {
    return this.send(request, this.own);
  }

  /**
   * As {@link exchange}, for GET and HEAD, and follows redirects where that is safe. Credentials stay with the storage's
   * server.
   *
   * @throws StorageError `unavailable` where a redirect may not be followed; the message says what to allow
   */
  async follow(request: HttpRequest): Promise<HttpAnswer> {
    const policy: RedirectPolicy = { own: new URL(request.url), allowedHosts: this.allowedHosts };
    let current = request;
    let connections = this.own;
    let foreign = false;
    for (let hop = 0; ; hop++) {
      const answer = await this.send(current, connections);
      answer.foreign = foreign;
      if (!REDIRECTS.has(answer.status)) return answer;
      answer.drop();
      const from = new URL(current.url);
      if (hop === MAX_REDIRECTS) {
        throw new StorageError('unavailable', `The storage's server ${from.host} redirects without end.`);
      }
      const { location } = answer.headers;
      const target = checkRedirect(from, Array.isArray(location) ? location[0] : location, policy);
      const headers = Object.entries(current.headers ?? {}).filter(
        ([name]) => !target.foreign || !OWN_HEADERS.has(name.toLowerCase()),
      );
      current = { ...current, url: target.url.href, headers: Object.fromEntries(headers) };
      foreign ||= target.foreign;
      connections = target.trusted ? this.own : this.foreign;
    }
  }

  /** Begins a request whose body comes piece by piece. A body that comes in one piece is sent again where a first try fails. */
  upload(request: HttpUploadRequest): HttpUpload {
    const { length, ...rest } = request;
    let streamed: StreamedUpload | undefined;
    let answer: HttpAnswer | undefined;
    const begin = (): StreamedUpload => {
      const url = new URL(request.url);
      return new StreamedUpload(
        (body, signal) => this.stream(request, body, signal),
        this.limits.idleTimeoutMs,
        url.host,
      );
    };
    return {
      write: async (piece) => {
        if (streamed === undefined && piece.length === length) {
          answer = await this.exchange({ ...rest, body: piece });
          return true;
        }
        return (streamed ??= begin()).write(piece);
      },
      end: async () => streamed?.end() ?? answer ?? this.exchange({ ...rest, body: '' }),
      abort: () => {
        streamed?.abort();
        answer?.drop();
      },
    };
  }

  /** Ends all connections; requests under way fail. */
  close(): void {
    for (const { kept, direct } of [this.own, this.foreign]) {
      void kept.destroy().catch(() => undefined);
      direct.destroy();
    }
  }

  private async send(request: HttpRequest, connections: Connections): Promise<StorageAnswer> {
    const url = new URL(request.url);
    const repeatable = request.idempotent && !isStream(request.body);
    const tries = repeatable ? this.limits.retries + 1 : 1;
    for (let attempt = 1; ; attempt++) {
      let pause: number | undefined;
      try {
        const answer = await this.sendOnce(request, url, connections);
        if (attempt === tries || !RETRIED_STATUSES.has(answer.status)) return answer;
        const retryAfter = answer.headers['retry-after'];
        pause = retryDelay(attempt, Array.isArray(retryAfter) ? retryAfter[0] : retryAfter);
        if (pause === undefined) return answer;
        answer.drop();
      } catch (error) {
        request.signal?.throwIfAborted();
        if (attempt === tries || !isTransient(error)) throw toHttpFailure(error, url);
        pause = retryDelay(attempt, undefined);
      }
      await delay(pause, undefined, request.signal && { signal: request.signal });
    }
  }

  private async sendOnce(request: HttpRequest, url: URL, connections: Connections): Promise<StorageAnswer> {
    if (!request.resumable) return this.sendWith(await this.slots.acquire(request.signal), request, url, connections);
    const leave = await this.readSlots.acquire();
    let forget: (() => void) | undefined;
    try {
      const release = await this.slots.acquire();
      const end = (): void => {
        release();
        forget?.();
        leave();
      };
      const answer = await this.sendWith(end, request, url, connections);
      forget = this.readSlots.watch(answer);
      return answer;
    } catch (error) {
      leave();
      throw error;
    }
  }

  private sendWith(
    release: () => void,
    request: HttpRequest,
    url: URL,
    { kept, direct }: Connections,
  ): Promise<StorageAnswer> {
    const isDirect = request.method === 'GET' && request.large === true && url.protocol === 'http:';
    const sent = isDirect
      ? this.dispatchDirectly(request, url, direct, release)
      : this.dispatch(request, url, kept, release, this.patienceMs);
    return this.heard(sent);
  }

  /** For an answer's head. Once a server is known to be silent, what is still to be asked for a client does not wait as long again. */
  private get patienceMs(): number {
    const { connectTimeoutMs, idleTimeoutMs } = this.limits;
    return this.silent ? Math.min(connectTimeoutMs, idleTimeoutMs) : idleTimeoutMs;
  }

  /** Learns from a request whether the server answers at all. */
  private async heard(sent: Promise<StorageAnswer>): Promise<StorageAnswer> {
    const began = performance.now();
    try {
      const answer = await sent;
      this.silent = false;
      this.answeredAt = performance.now();
      return answer;
    } catch (error) {
      if (isSilence(error) && this.answeredAt < began) this.silent = true;
      throw error;
    }
  }

  private async dispatchDirectly(
    { headers, signal }: HttpRequest,
    url: URL,
    agent: DirectReadsAgent,
    release: () => void,
  ): Promise<StorageAnswer> {
    const { connectTimeoutMs, idleTimeoutMs } = this.limits;
    try {
      const body = await sendDirectly({
        url,
        headers: { ...OWN_FIELDS, ...headers },
        agent,
        connectTimeoutMs,
        headersTimeoutMs: this.patienceMs,
        ...(signal && { signal }),
      });
      const data = { statusCode: body.statusCode ?? 0, headers: body.headers, body };
      return new StorageAnswer(data, url, idleTimeoutMs, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  private async stream(
    request: HttpUploadRequest,
    body: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const url = new URL(request.url);
    const { length, headers } = request;
    try {
      const release = await this.uploadSlots.acquire(signal);
      const sized = length === undefined ? headers : { ...headers, 'content-length': String(length) };
      const streamed: HttpRequest = { ...request, ...(sized && { headers: sized }), body, signal };
      // The upload itself watches its pieces: undici would count the time of the whole body.
      return await this.heard(this.dispatch(streamed, url, this.own.kept, release, 0));
    } catch (error) {
      if (signal.reason instanceof StorageError) throw signal.reason;
      throw toHttpFailure(error, url);
    }
  }

  private async dispatch(
    { method, headers, body, signal }: HttpRequest,
    url: URL,
    agent: Agent,
    release: () => void,
    headersTimeout: number,
  ): Promise<StorageAnswer> {
    try {
      const data = await agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { ...OWN_FIELDS, ...headers },
        // undici takes any async iterable, which its types leave out.
        body: (body ?? null) as NonNullable<Dispatcher.DispatchOptions['body']> | null,
        headersTimeout,
        ...(signal && { signal }),
      });
      return new StorageAnswer(data, url, this.limits.idleTimeoutMs, release);
    } catch (error) {
      release();
      throw error;
    }
  }
}

function isStream(body: HttpRequest['body']): boolean {
  return body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
}
