import { S3Error } from '../../errors/s3-error.js';
import type { S3ErrorCode } from '../../errors/s3-error-codes.js';
import { isCertificateCode } from '../http/http-failure.js';
import { StorageError } from '../storage-error.js';
import { UpstreamFailure } from './upstream-failure.js';

/** Errors that are about what the client asked for, and mean the same from here. */
const CLIENTS_OWN: ReadonlySet<string> = new Set<S3ErrorCode>([
  'BadDigest',
  'EntityTooLarge',
  'EntityTooSmall',
  'ExistingObjectIsDirectory',
  'InvalidDigest',
  'InvalidPart',
  'InvalidPartNumber',
  'InvalidPartOrder',
  'InvalidRange',
  'InvalidRedirectLocation',
  'InvalidRequest',
  'InvalidStorageClass',
  'InvalidTag',
  'KeyTooLongError',
  'MetadataTooLarge',
  'MethodNotAllowed',
  'NoSuchKey',
  'NoSuchUpload',
  'NotImplemented',
  'ObjectParentIsFile',
  'PreconditionFailed',
  'UnsupportedKey',
]);

/** What other servers call the same. */
const SYNONYMS: ReadonlyMap<string, S3ErrorCode> = new Map<string, S3ErrorCode>([
  ['NotFound', 'NoSuchKey'],
  ['XMinioInvalidObjectName', 'UnsupportedKey'],
  ['DirectoryObjectContainsData', 'UnsupportedKey'],
  ['ErrDirectoryNotEmpty', 'ExistingObjectIsDirectory'],
  ['XMinioInvalidResourceName', 'UnsupportedKey'],
  ['XMinioParentIsObject', 'ObjectParentIsFile'],
  ['XMinioObjectExistsAsDirectory', 'ExistingObjectIsDirectory'],
  ['InvalidURI', 'UnsupportedKey'],
  ['KeyTooLong', 'KeyTooLongError'],
  ['InvalidPartNumberRange', 'InvalidPartNumber'],
]);

const NO_SPACE: ReadonlySet<string> = new Set(['InsufficientStorage', 'XMinioStorageFull', 'XMinioDiskFull']);
const QUOTA: ReadonlySet<string> = new Set(['QuotaExceeded', 'XMinioAdminBucketQuotaExceeded', 'EntityQuotaExceeded']);
/** Another request got in between; the same request may succeed now. */
const CONFLICTS: ReadonlySet<string> = new Set([
  'ConditionalRequestConflict',
  'OperationAborted',
  'ConcurrentModification',
]);
/** The SDK's names for errors whose answer has no code. */
const UNEXPLAINED: ReadonlySet<string> = new Set(['403', 'Forbidden', 'Unknown', 'UnknownError']);
/** Refusals that say something of the moment, the keys or the bucket, and nothing of what was asked. */
const MOMENTARY: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'InvalidAccessKeyId',
  'NoSuchBucket',
  'RequestTimeTooSkewed',
  'RequestTimeout',
  'TokenRefreshRequired',
]);
/** Refusals of one request or object: a policy, or an object that lies in an archive. The keys themselves are good. */
const DENIALS: ReadonlySet<string> = new Set(['AccessDenied', 'AllAccessDisabled', 'InvalidObjectState']);
/** A delay that a server asks for is passed on up to here, in seconds. */
const MAX_RETRY_AFTER = 300;

/** What is looked at of an error of the SDK. */
interface ServiceError {
  readonly name: string;
  readonly status: number;
  readonly retryAfter: number | undefined;
}

/**
 * What an error of the SDK or its transport means to those who asked. The storage's own key being refused is the storage's
 * failure, never the client's; what they may not do is nobody's outage.
 *
 * @returns an {@link S3Error} that the client may see, or a {@link StorageError}; anything else as it is
 */
export function translateUpstreamError(error: unknown): unknown {
  if (error instanceof S3Error || error instanceof StorageError || !(error instanceof Error)) return error;
  const service = describe(error);
  if (service === undefined) {
    return isTransportError(error) ? new StorageError('unavailable', messageOf(error), { cause: error }) : error;
  }
  return translate(service, error);
}

function translate({ name, status, retryAfter }: ServiceError, cause: Error): S3Error | StorageError {
  const unavailable = (message: string): StorageError =>
    new StorageError('unavailable', message, {
      cause,
      ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
    });
  if (CLIENTS_OWN.has(name)) return new S3Error(name as S3ErrorCode, { cause });
  const synonym = SYNONYMS.get(name);
  if (synonym !== undefined) return new S3Error(synonym, { cause });
  if (QUOTA.has(name)) return new StorageError('quota', 'The quota of the upstream S3 is used up.', { cause });
  if (NO_SPACE.has(name) || status === 507) return new StorageError('no-space', 'The upstream S3 is full.', { cause });
  if (CONFLICTS.has(name)) return new StorageError('busy', 'The upstream S3 is busy with this key.', { cause });
  if (name === 'NoSuchBucket')
    return unavailable('The bucket of the upstream S3 does not exist: set bucket to one that does.');
  if (status === 403 && DENIALS.has(name)) {
    const message = `The upstream S3 denies this to the keys of this storage (${name}): check what they may do.`;
    return new StorageError('denied', message, { cause });
  }
  if (status === 401 || status === 403) {
    return unavailable(`The upstream S3 refuses the keys of this storage (${name}): check them, and what they may do.`);
  }
  if (status === 404) return new S3Error('NoSuchKey', { cause });
  if (status === 412) return new S3Error('PreconditionFailed', { cause });
  if (status === 416) return new S3Error('InvalidRange', { cause });
  if (status >= 300 && status < 400) {
    return unavailable(
      `The upstream S3 sends requests elsewhere (${name}), which is not followed: check endpoint and region.`,
    );
  }
  if (status === 429 || name === 'SlowDown' || name === 'TooManyRequests') {
    return new StorageError('too-many-open', 'The upstream S3 asks for fewer requests.', {
      cause,
      ...(retryAfter !== undefined && { retryAfterSeconds: retryAfter }),
    });
  }
  if (status >= 500) return unavailable(`The upstream S3 failed: ${status} ${name}.`);
  if (status >= 400)
    return new S3Error('InvalidRequest', { message: `The S3 behind this bucket refuses this: ${name}.`, cause });
  return unavailable('The upstream does not answer as an S3 does: check its endpoint.');
}

function describe(error: Error): ServiceError | undefined {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  if (status === undefined) return undefined;
  const header = Number($response?.headers?.['retry-after']);
  const retryAfter = header > 0 ? Math.min(Math.ceil(header), MAX_RETRY_AFTER) : undefined;
  return { name: error.name, status, retryAfter };
}

function isTransportError(error: Error): boolean {
  return error instanceof UpstreamFailure || 'code' in error || error.name === 'TimeoutError';
}

function messageOf(error: Error): string {
  if (error instanceof UpstreamFailure) return `The upstream S3 does not answer: ${error.message}.`;
  const code = 'code' in error ? String(error.code) : error.name;
  return isCertificateCode(code)
    ? `The upstream S3 has a certificate that is not trusted (${code}); set its certificate authority.`
    : `The upstream S3 does not answer: ${code}.`;
}

/** Whether the same request may well succeed in a moment. */
export function isTransient(error: unknown): error is StorageError {
  if (!(error instanceof StorageError)) return false;
  if (error.code === 'busy') return true;
  // Who has waited for a connection in vain has waited enough.
  if (error.code === 'too-many-open') return error.cause !== undefined;
  if (error.code !== 'unavailable' || !(error.cause instanceof Error)) return false;
  const status = describe(error.cause)?.status;
  return status === undefined || (status >= 500 && status !== 501);
}

/** Whether the upstream has answered 403 without a reason, as it does to a HEAD. */
export function isUnexplainedRefusal(error: unknown): boolean {
  if (!(error instanceof StorageError) || error.code !== 'unavailable' || !(error.cause instanceof Error)) return false;
  const service = describe(error.cause);
  return service?.status === 403 && UNEXPLAINED.has(service.name);
}

/** Whether the upstream has answered, and would answer the same request the same way later: with its refusal, or that it cannot. */
export function isDecisive(error: unknown): boolean {
  if (error instanceof StorageError && (error.code === 'no-space' || error.code === 'quota')) return false;
  const service = error instanceof Error && error.cause instanceof Error ? describe(error.cause) : undefined;
  if (service === undefined || MOMENTARY.has(service.name)) return false;
  const { status } = service;
  return status === 501 || (status >= 400 && status < 500 && status !== 408 && status !== 409 && status !== 429);
}

/** Whether there is no answer at all, or only that there will be one later: it says nothing of what was asked. */
export function isAway(error: unknown): boolean {
  if (error instanceof StorageError && error.code === 'too-many-open') return true;
  return isTransient(error) && !(error.cause instanceof Error && describe(error.cause)?.status === 500);
}

/** Whether the upstream may still be doing what it was asked: it said nothing, or what stands before it did not wait. */
export function mayBeUnderWay(error: unknown): boolean {
  if (!(error instanceof StorageError) || error.code !== 'unavailable' || !(error.cause instanceof Error)) return false;
  const status = describe(error.cause)?.status;
  return status === undefined ? !isUnconnected(error.cause) : status === 502 || status === 504;
}

/** Nothing was sent. */
function isUnconnected(error: Error): boolean {
  if (error instanceof UpstreamFailure) return error.reason === 'connect';
  return 'code' in error && (error.code === 'ECONNREFUSED' || error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN');
}

/** Whether the upstream answered 5xx, after which it may or may not have done what it was asked. */
export function isServerFailure(error: unknown): boolean {
  return error instanceof StorageError && error.cause instanceof Error && (describe(error.cause)?.status ?? 0) >= 500;
}

/** Whether an error is an {@link S3Error} of one of the codes. */
export function hasCode(error: unknown, ...codes: S3ErrorCode[]): error is S3Error {
  return error instanceof S3Error && codes.includes(error.code);
}
