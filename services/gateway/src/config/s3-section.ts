import { Rule } from '@bucketway/contract';
import { IsBoolean, IsIn, IsOptional, IsString, Matches, MinLength } from 'class-validator';
import type { S3StorageOptions } from '../storage/s3/s3-storage-options.js';
import { RemoteStorageSection } from './remote-storage-section.js';
import { isServerOrigin, SERVER_ORIGIN_RULE } from './server-url.js';

const FILE_PATH = 'must be the path of a file';
const ADDRESSING_STYLES: readonly S3StorageOptions['addressingStyle'][] = ['path', 'virtual'];

/** What a key of an upstream must be, read after "must be". Upstreams name their keys as they like. */
export const UPSTREAM_KEY_RULE = 'one line of printable ASCII without spaces';

/** Whether text can be a key or a token of an upstream. */
export function isUpstreamKey(text: unknown): text is string {
  return typeof text === 'string' && /^[\x21-\x7e]{1,8192}$/.test(text);
}

/** `storages[].s3` of bucketway.yaml. */
export class S3Section extends RemoteStorageSection {
  @Rule('isServerOrigin', isServerOrigin, SERVER_ORIGIN_RULE)
  readonly endpoint!: string;

  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]{1,64}$/, { message: 'must be a region such as us-east-1' })
  readonly region?: string;

  // Upstreams have buckets of names that S3 does not allow any more: upper case, underscores.
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/, { message: 'must be the name of a bucket of the upstream' })
  @IsString({ message: 'must be the name of a bucket of the upstream' })
  readonly bucket!: string;

  @IsOptional()
  @Rule('isUpstreamPrefix', isUpstreamPrefix, 'a key prefix such as team-a/, without a slash at its start')
  readonly prefix?: string;

  @IsOptional()
  @Rule('isUpstreamKey', isUpstreamKey, UPSTREAM_KEY_RULE)
  readonly accessKeyId?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly accessKeyIdFile?: string;

  @IsOptional()
  @Rule('isUpstreamKey', isUpstreamKey, UPSTREAM_KEY_RULE)
  readonly secretAccessKey?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly secretAccessKeyFile?: string;

  @IsOptional()
  @Rule('isUpstreamKey', isUpstreamKey, UPSTREAM_KEY_RULE)
  readonly sessionToken?: string;

  @IsOptional()
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly sessionTokenFile?: string;

  @IsOptional()
  @IsIn(ADDRESSING_STYLES, { message: `must be one of ${ADDRESSING_STYLES.join(', ')}` })
  readonly addressingStyle?: S3StorageOptions['addressingStyle'];

  @IsOptional()
  @IsBoolean({ message: 'must be true or false' })
  readonly redirectReads?: boolean;
}

function isUpstreamPrefix(value: unknown): boolean {
  if (typeof value !== 'string' || !value.isWellFormed() || value.startsWith('/')) return false;
  // eslint-disable-next-line no-control-regex -- what XML cannot hold cannot be listed
  return Buffer.byteLength(value) <= 512 && !/[\u0000-\u001f\u007f]/.test(value);
}
