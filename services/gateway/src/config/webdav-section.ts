import { Rule } from '@bucketway/contract';
import { IsArray, IsBoolean, IsIn, IsOptional, IsString, Max, Min, MinLength } from 'class-validator';
import { isHost, REDIRECT_HOSTS_RULE, RemoteStorageSection } from './remote-storage-section.js';
import { isServerUrl, SERVER_URL_RULE } from './server-url.js';

const FILE_PATH = 'must be the path of a file';
const YES_OR_NO = 'must be true or false';
const SCHEMES = ['basic', 'digest'] as const;

/** What a user name of a WebDAV server must be, read after "must be". */
export const WEBDAV_USERNAME_RULE = 'a name in one line, without ":"';
/** What a password of a WebDAV server must be. */
export const WEBDAV_PASSWORD_RULE = 'a password in one line';
/** What a bearer token must be (RFC 6750). */
export const BEARER_TOKEN_RULE = 'a token in one line of printable ASCII without spaces';

/** RFC 7617: a colon would end the name. */
export function isWebdavUsername(text: unknown): text is string {
  return isLine(text) && !text.includes(':');
}

export function isWebdavPassword(text: unknown): text is string {
  return isLine(text);
}

export function isBearerToken(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,16384}$/.test(text);
}

function isLine(text: unknown): text is string {
  // eslint-disable-next-line no-control-regex -- RFC 7617 allows none
  return typeof text === 'string' && text !== '' && text.length <= 1024 && !/[\u0000-\u001f\u007f]/.test(text);
}

/** `storages[].webdav` of bucketway.yaml. */
export class WebdavSection extends RemoteStorageSection {
  @Rule('isServerUrl', isServerUrl, SERVER_URL_RULE)
  readonly url!: string;

  @IsOptional()
  @Rule('isWebdavUsername', isWebdavUsername, WEBDAV_USERNAME_RULE)
  readonly username?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly usernameFile?: string;

  @IsOptional()
  @Rule('isWebdavPassword', isWebdavPassword, WEBDAV_PASSWORD_RULE)
  readonly password?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly passwordFile?: string;

  @IsOptional()
  @IsIn(SCHEMES, { message: `must be one of ${SCHEMES.join(', ')}` })
  readonly authentication?: (typeof SCHEMES)[number];

  @IsOptional()
  @Rule('isBearerToken', isBearerToken, BEARER_TOKEN_RULE)
  readonly bearerToken?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly bearerTokenFile?: string;

  @IsOptional()
  @IsBoolean({ message: YES_OR_NO })
  readonly atomicReplace?: boolean;

  @IsOptional()
  @IsBoolean({ message: YES_OR_NO })
  readonly atomicCreate?: boolean;

  @IsOptional()
  @Max(86_400, { message: 'must be at most 86400' })
  @Min(0, { message: 'must not be negative' })
  readonly listingCacheSeconds?: number;

  @IsOptional()
  @Rule('isHost', isHost, REDIRECT_HOSTS_RULE, true)
  @IsArray({ message: `must be a list of ${REDIRECT_HOSTS_RULE}` })
  readonly allowedRedirectHosts?: readonly string[];
}
