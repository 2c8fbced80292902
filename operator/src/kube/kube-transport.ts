import type { Dispatcher } from 'undici';
import type { Clock } from './clock.js';
import type { KubeAccess, KubeCredentials } from './kube-credentials.js';
import { type KubeCall, KubeError } from './kube-error.js';
import { KubeconfigError } from './kubeconfig-error.js';
import { orAborted } from './or-aborted.js';
import type { TokenBucket } from './token-bucket.js';

/** One request that ended, for metrics. */
export interface KubeRequestRecord {
  /** As RBAC names it: get, list, watch, create, update, patch, delete; server-side apply is `apply`. */
  readonly verb: string;
  readonly resource: string;
  /** The status of the answer, or `error` without one. */
  readonly code: string;
  /** Until the answer had come whole; of a watch, until it began. */
  readonly seconds: number;
}

/** Told of every request, retried ones too. It must not throw. */
export type KubeRequestObserver = (record: KubeRequestRecord) => void;

/** How a call wants to be treated. */
export interface CallOptions {
  /** Ends the call with a {@link KubeError} of the reason `Aborted`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the call with all of its repetitions; 30,000 without. */
  readonly timeoutMs?: number | undefined;
  /** Passes the limit for writes, and is never repeated: for renewals of a lease, which come again anyway. */
  readonly urgent?: boolean | undefined;
}

/** A request as the transport sends it. */
export interface KubeRequest {
  readonly call: KubeCall;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** What the transport works with. */
export interface KubeTransportParts {
  readonly credentials: KubeCredentials;
  readonly clock: Clock;
  readonly writes: TokenBucket;
  readonly observe: KubeRequestObserver;
  readonly random: () => number;
}

const TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 5;
const MAX_RETRY_AFTER_MS = 15_000;

type Answer = Dispatcher.ResponseData;

/** Sends requests: credentials, time limits, the limit for writes, repetition where the server asks for it. */
export class KubeTransport {
  constructor(private readonly parts: KubeTransportParts) {}

  /** The answer's JSON. @throws KubeError */
  async json(request: KubeRequest, options: CallOptions = {}): Promise<unknown> {
    const { signal, done } = this.limit(request, options);
    try {
      if (request.method !== 'GET' && !options.urgent) await this.parts.writes.take(signal);
      for (let attempt = 1; ; attempt++) {
        const outcome = await this.attempt(request, signal).catch((error: unknown) => explain(request, error, signal));
        if (!(outcome instanceof KubeError)) return outcome;
        const wait = options.urgent || attempt >= MAX_ATTEMPTS ? undefined : this.waitBeforeRetry(request, outcome);
        if (wait === undefined || signal.aborted) throw outcome;
        await this.sleep(wait, signal);
      }
    } catch (error) {
      throw explain(request, error, signal);
    } finally {
      done();
    }
  }

  /**
   * The answer's body as it comes, for a watch. Only its beginning is limited in time.
   *
   * @throws KubeError
   */
  async stream(request: KubeRequest, options: CallOptions): Promise<AsyncIterable<Uint8Array>> {
    const { signal, done } = this.limit(request, options);
    const started = this.parts.clock.now();
    try {
      // The signal for the beginning must not end the body later: that one listens to the caller's alone.
      const ending = new AbortController();
      const end = (): void => ending.abort(signal.reason);
      signal.addEventListener('abort', end, { once: true });
      const answer = await this.send(request, ending.signal);
      this.report(request, String(answer.statusCode), started);
      if (answer.statusCode !== 200) throw await this.failure(request, answer);
      signal.removeEventListener('abort', end);
      const abort = (): void => void answer.body.destroy();
      options.signal?.addEventListener('abort', abort, { once: true });
      answer.body.once('close', () => options.signal?.removeEventListener('abort', abort));
      if (options.signal?.aborted) abort();
      return answer.body;
    } catch (error) {
      if (!(error instanceof KubeError)) this.report(request, 'error', started);
      throw explain(request, error, signal);
    } finally {
      done();
    }
  }

  private async attempt(request: KubeRequest, signal: AbortSignal): Promise<unknown> {
    const started = this.parts.clock.now();
    let code = 'error';
    try {
      const answer = await this.send(request, signal);
      if (answer.statusCode >= 300) {
        code = String(answer.statusCode);
        throw await this.failure(request, answer);
      }
      const body = await answer.body.text();
      code = String(answer.statusCode);
      try {
        return JSON.parse(body) as unknown;
      } catch {
        throw new KubeError(request.call, { status: answer.statusCode, reason: 'InvalidAnswer', detail: 'not JSON' });
      }
    } finally {
      this.report(request, code, started);
    }
  }

  private async send(request: KubeRequest, signal: AbortSignal): Promise<Answer> {
    // A credential plugin may hang, and nobody but us ends what waits for it.
    const access = await orAborted(this.access(request), signal);
    const answer = await this.sendWith(access, request, signal);
    if (answer.statusCode !== 401) return answer;
    // Tokens rotate: one that was just replaced is refused once, with the new one in the file already.
    await answer.body.dump();
    this.parts.credentials.renew(access);
    return this.sendWith(await orAborted(this.access(request), signal), request, signal);
  }

  private async access(request: KubeRequest): Promise<KubeAccess> {
    try {
      return await this.parts.credentials.access();
    } catch (error) {
      throw new KubeError(request.call, { status: 0, reason: 'CredentialsFailed', detail: safeDetail(error) });
    }
  }

  private sendWith(access: KubeAccess, request: KubeRequest, signal: AbortSignal): Promise<Answer> {
    const url = new URL(access.server);
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined && value !== '') query.set(name, String(value));
    }
    const search = query.size > 0 ? `?${query.toString()}` : '';
    const type = request.contentType ?? 'application/json';
    const answer = access.dispatcher.request({
      origin: url.origin,
      path: `${url.pathname.replace(/\/$/, '')}${request.path}${search}`,
      method: request.method,
      headers: request.body === undefined ? access.headers : { ...access.headers, 'content-type': type },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal,
    });
    // undici looks at the signal of a request only when it has a connection, for which it may wait ten seconds.
    return orAborted(answer, signal);
  }

  private async failure(request: KubeRequest, answer: Answer): Promise<KubeError> {
    const body = await answer.body.text();
    const header = answer.headers['retry-after'];
    const retryAfter = typeof header === 'string' ? header : undefined;
    return KubeError.fromAnswer(request.call, answer.statusCode, body, retryAfter);
  }

  /** Milliseconds, or undefined where repeating is not right. */
  private waitBeforeRetry(request: KubeRequest, error: KubeError): number | undefined {
    const refused = error.status === 429 || (error.status >= 500 && error.retryAfterSeconds !== undefined);
    if (refused) {
      const wait = (error.retryAfterSeconds ?? 1) * 1000;
      return wait > MAX_RETRY_AFTER_MS ? undefined : wait * (1 + this.parts.random() * 0.2);
    }
    // The server closed an idle connection just as it was used. Only a read can be repeated without a second thought.
    return request.method === 'GET' && connectionWasClosed(error.cause) ? 50 : undefined;
  }

  private sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      const cancel = this.parts.clock.setTimeout(() => {
        signal.removeEventListener('abort', abort);
        resolve();
      }, milliseconds);
      const abort = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  private limit(request: KubeRequest, options: CallOptions): { signal: AbortSignal; done: () => void } {
    const controller = new AbortController();
    const cancel = this.parts.clock.setTimeout(
      () => controller.abort(new KubeError(request.call, { status: 0, reason: 'Timeout' })),
      options.timeoutMs ?? TIMEOUT_MS,
    );
    const abort = (): void => controller.abort(new KubeError(request.call, { status: 0, reason: 'Aborted' }));
    options.signal?.addEventListener('abort', abort, { once: true });
    if (options.signal?.aborted) abort();
    return {
      signal: controller.signal,
      done: () => {
        cancel();
        options.signal?.removeEventListener('abort', abort);
      },
    };
  }

  private report(request: KubeRequest, code: string, started: number): void {
    const seconds = (this.parts.clock.now() - started) / 1000;
    this.parts.observe({ verb: request.call.verb, resource: request.call.resource, code, seconds });
  }
}

/** The error of a call that got no answer, or not the whole of it. */
function explain(request: KubeRequest, error: unknown, signal: AbortSignal): KubeError {
  if (signal.aborted && signal.reason instanceof KubeError) return signal.reason;
  if (error instanceof KubeError) return error;
  return new KubeError(request.call, {
    status: 0,
    reason: 'ConnectionFailed',
    detail: error instanceof Error ? error.message : undefined,
    cause: error,
  });
}

/** What may be told of why there are no credentials: of others' errors no message, for a plugin's output may be anything. */
function safeDetail(error: unknown): string | undefined {
  if (error instanceof KubeconfigError) return error.message;
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function connectionWasClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
