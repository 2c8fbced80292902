import { refusingParty } from './refusing-party.js';
import { isRecord } from './is-record.js';

/** What a call was for, in messages: `patch secrets team-a/photos`. */
export interface KubeCall {
  readonly verb: string;
  readonly resource: string;
  /** `namespace/name`, the namespace of a collection, or empty. */
  readonly target: string;
}

/** Reasons of this client, beside those of the API server (`Conflict`, `NotFound`, `Forbidden`, `Expired`, …). */
export type ClientReason =
  | 'ConnectionFailed'
  | 'Timeout'
  | 'Aborted'
  | 'CredentialsFailed'
  | 'InvalidAnswer'
  /** 404 of the path, not of the object: the CustomResourceDefinition is not installed. */
  | 'UnknownResource';

/** What an error is made of. */
export interface KubeErrorInit {
  readonly status: number;
  readonly reason: string;
  readonly detail?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

interface Status {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: readonly string[];
}

/**
 * A call of the API server that failed.
 *
 * The message names the verb, the resource and the object. It quotes the server only where that cannot hold a secret:
 * of Secrets it tells the reason, the fields and who refused, never all of the server's text, which quotes values.
 */
export class KubeError extends Error {
  /** The status of the answer; 0 where there was none. */
  readonly status: number;
  /** `metav1.Status.reason`, or a {@link ClientReason}. */
  readonly reason: string;
  /** Seconds after which the server wants to be asked again. */
  readonly retryAfterSeconds?: number;

  constructor(call: KubeCall, init: KubeErrorInit) {
    const detail = init.detail ? `: ${init.detail}` : '';
    super(`${[call.verb, call.resource, call.target].filter(Boolean).join(' ')}: ${head(init)}${detail}`, {
      cause: init.cause,
    });
    this.name = 'KubeError';
    this.status = init.status;
    this.reason = init.reason;
    if (init.retryAfterSeconds !== undefined) this.retryAfterSeconds = init.retryAfterSeconds;
  }

  /** The error that an answer stands for. `body` is its text, JSON of a `Status` or anything else. */
  static fromAnswer(call: KubeCall, status: number, body: string, retryAfter?: string): KubeError {
    return KubeError.fromStatus(call, status, parseJson(body), retryAfter);
  }

  /** The error of a `Status` object, as a watch delivers it. */
  static fromStatus(call: KubeCall, code: number, object: unknown, retryAfter?: string): KubeError {
    const status = readStatus(object);
    const header = /^\d{1,6}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
    return new KubeError(call, {
      status: code,
      reason: status.reason ?? reasonOfCode(code),
      detail:
        call.resource === 'secrets'
          ? status.fields.join(', ') || refusingParty(status.message ?? '')
          : status.message?.slice(0, 1000),
      retryAfterSeconds: header ?? status.retryAfterSeconds,
    });
  }
}

/** Is this a {@link KubeError} with one of these reasons? */
export function isKubeError(error: unknown, ...reasons: string[]): error is KubeError {
  return error instanceof KubeError && (reasons.length === 0 || reasons.includes(error.reason));
}

/** Does this say that a resourceVersion or a continue token is too old to go on from? */
export function isExpired(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
}

/** Whether a server is there that only does not want to answer this: not yet, not now, or not to us. */
export function isRefusal(error: unknown): boolean {
  return error instanceof KubeError && [401, 403, 429].includes(error.status);
}

/**
 * Whether a server refuses what was sent to it, and will do so until somebody changes something there: admission webhooks
 * choose their status freely, and one that is away is told of as an error of the server.
 */
export function isRejection(error: unknown): error is KubeError {
  return error instanceof KubeError && error.status >= 400 && error.status <= 500 && !PASSING.has(error.status);
}

/** Somebody else's business, or over by itself. */
const PASSING: ReadonlySet<number> = new Set([401, 404, 409, 429]);

function head(init: KubeErrorInit): string {
  return init.status === 0 ? init.reason : `${init.status} ${init.reason}`;
}

function reasonOfCode(code: number): string {
  return REASONS.get(code) ?? 'Unknown';
}

// For answers that carry no Status: of a proxy, or of an API server that is only starting.
const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  // An object that is not there is always told by a Status.
  [404, 'UnknownResource'],
  [405, 'MethodNotAllowed'],
  [409, 'Conflict'],
  [410, 'Expired'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readStatus(value: unknown): Status {
  const status = record(value);
  const details = record(status['details']);
  const causes = Array.isArray(details['causes']) ? details['causes'].map(record) : [];
  return {
    reason: text(status['reason']) || undefined,
    message: text(status['message']) || undefined,
    retryAfterSeconds:
      typeof details['retryAfterSeconds'] === 'number' && details['retryAfterSeconds'] > 0
        ? details['retryAfterSeconds']
        : undefined,
    // A map's key may stand in brackets (data[password]): it is a name, not a value.
    fields: causes.map((cause) => [text(cause['field']), text(cause['reason'])].filter(Boolean).join(' ')),
  };
}

function record(value: unknown): Record<string, unknown> {
  return isRecord(value) ? value : {};
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
