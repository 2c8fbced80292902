import type { HttpAnswer } from '../http/http-exchange.js';
import { StorageError, type StorageErrorCode } from '../storage-error.js';

const MEANINGS: ReadonlyMap<number, readonly [StorageErrorCode, string]> = new Map([
  [400, ['unavailable', 'does not understand the request']],
  [
    401,
    [
      'unavailable',
      'does not take the credentials: check usernameFile and passwordFile, or bearerTokenFile, and authentication',
    ],
  ],
  [403, ['denied', 'does not permit this']],
  [404, ['not-found', 'has nothing there']],
  [405, ['unavailable', 'is no WebDAV server at this URL: check url']],
  [409, ['not-found', 'has no folder there']],
  [410, ['not-found', 'has nothing there']],
  [412, ['exists', 'has something there']],
  [
    413,
    [
      'failed',
      'refuses bodies of this size: raise its limit (client_max_body_size in nginx, LimitRequestBody in Apache)',
    ],
  ],
  [414, ['name-too-long', 'refuses paths of this length']],
  [423, ['busy', 'has the name locked']],
  [429, ['busy', 'asks for a pause']],
  [501, ['unavailable', 'is no WebDAV server at this URL: check url']],
  [507, ['no-space', 'has no space left']],
]);

/** The storage's error for an answer that is no success. Ends the exchange. */
export function toWebdavFailure(answer: HttpAnswer, method: string, host: string): StorageError {
  answer.drop();
  const { status } = answer;
  if (status >= 300 && status < 400) {
    return new StorageError(
      'unavailable',
      `The WebDAV server ${host} answers ${method} with a redirect (${status}): set url to where it leads.`,
    );
  }
  const [code, meaning] = MEANINGS.get(status) ?? ['unavailable', 'failed'];
  return new StorageError(code, `The WebDAV server ${host} ${meaning} (${status} to ${method}).`);
}
