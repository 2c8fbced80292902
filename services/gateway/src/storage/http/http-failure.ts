import { StorageError } from '../storage-error.js';
import { SilentServer } from './silent-server.js';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'refuses connections'],
  ['ECONNRESET', 'broke the connection'],
  ['EPIPE', 'broke the connection'],
  ['UND_ERR_SOCKET', 'broke the connection'],
  ['ENOTFOUND', 'has a name that cannot be resolved'],
  ['EAI_AGAIN', 'has a name that cannot be resolved now'],
  ['EHOSTUNREACH', 'cannot be reached'],
  ['ENETUNREACH', 'cannot be reached'],
  ['ETIMEDOUT', 'does not answer'],
  ['UND_ERR_CONNECT_TIMEOUT', 'does not answer'],
  ['UND_ERR_HEADERS_TIMEOUT', 'does not answer'],
  ['UND_ERR_BODY_TIMEOUT', 'stopped in the middle of an answer'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'gave fewer bytes than it announced'],
]);

const SILENCE: ReadonlySet<string> = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

// OpenSSL's verification errors as Node names them, and Node's own for names that do not match.
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ISSUER|_CRL_/;

/** Whether the code of an error says that a certificate is not trusted. */
export function isCertificateCode(code: string): boolean {
  return CERTIFICATE.test(code);
}

/** The storage's error for what went wrong with a request. Names the server, never the path or a header. */
export function toHttpFailure(error: unknown, url: URL): StorageError {
  if (error instanceof StorageError) return error;
  const cause = rootOf(error);
  if (cause instanceof StorageError) return cause;
  const code = codeOf(cause) || codeOf(error);
  const reason = isCertificateCode(code)
    ? `has a certificate that is not trusted (${code}); set its certificate authority`
    : `${REASONS.get(code) ?? 'cannot be spoken to'}${code && ` (${code})`}`;
  const message = `The storage's server ${url.host} ${reason}.`;
  return isSilence(error)
    ? new SilentServer(message, error)
    : new StorageError('unavailable', message, { cause: error });
}

/** Whether a server that was connected to has said nothing until its time was up. */
export function isSilence(error: unknown): boolean {
  const cause = rootOf(error);
  return cause instanceof SilentServer || SILENCE.has(codeOf(cause) || codeOf(error));
}

/** Whether another try may do better. A certificate that is not trusted stays so, and a server that is silent does most often. */
export function isTransient(error: unknown): boolean {
  const cause = rootOf(error);
  return !isSilence(error) && !(cause instanceof StorageError) && !isCertificateCode(codeOf(cause) || codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function rootOf(error: unknown): unknown {
  let root = error;
  while (root instanceof Error && root.cause instanceof Error) root = root.cause;
  return root;
}
