import 'reflect-metadata';
import {
  ACCESS_KEY_ID_RULE,
  ACCESS_MODE_RULE,
  ANONYMOUS_MODES,
  BUCKET_NAME_RULE,
  BucketQuota,
  CorsRuleDocument,
  isAccessKeyId,
  isAccessMode,
  isBucketName,
  isKeyPrefix,
  isSecretAccessKey,
  isServedPath,
  KEY_PREFIX_RULE,
  Rule,
  SECRET_ACCESS_KEY_RULE,
  SERVED_PATH_RULE,
} from '@bucketway/contract';
import type { AccessMode, AnonymousMode } from '@bucketway/contract';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { isListenAddress, LISTEN_ADDRESS_RULE } from './listen-address.js';
import { StorageSection } from './storage-section.js';

/** The most processes that a configuration may ask for. */
export const MAX_WORKERS = 256;

const FILE_PATH = 'must be the path of a file';

/** `tls` of bucketway.yaml. */
export class TlsSection {
  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly certFile!: string;

  @MinLength(1, { message: FILE_PATH })
  @IsString({ message: FILE_PATH })
  readonly keyFile!: string;
}

/** `identities[]` of bucketway.yaml. */
export class IdentitySection {
  @Matches(/^[\w.@+-]{1,64}$/, { message: 'must be 1 to 64 characters of letters, digits and _.@+-' })
  @IsString({ message: 'must be a name' })
  readonly name!: string;

  @IsOptional()
  @Rule('isAccessKeyId', isAccessKeyId, ACCESS_KEY_ID_RULE)
  readonly accessKeyId?: string;

  @IsOptional()
  @IsString({ message: FILE_PATH })
  readonly accessKeyIdFile?: string;

  @IsOptional()
  @Rule('isSecretAccessKey', isSecretAccessKey, SECRET_ACCESS_KEY_RULE)
  readonly secretAccessKey?: string;

  @IsOptional()
  @IsString({ message: FILE_PATH })
  readonly secretAccessKeyFile?: string;
}

/** `buckets[].grants[]` of bucketway.yaml. */
export class GrantSection {
  @IsString({ message: 'must be the name of one of the identities' })
  readonly identity!: string;

  @Rule('isAccessMode', isAccessMode, ACCESS_MODE_RULE)
  readonly mode!: AccessMode;

  @IsOptional()
  @Rule('isKeyPrefix', isKeyPrefix, KEY_PREFIX_RULE)
  readonly prefix?: string;
}

/** `buckets[]` of bucketway.yaml. */
export class BucketSection {
  @Rule('isBucketName', isBucketName, BUCKET_NAME_RULE)
  readonly name!: string;

  @Rule('isServedPath', isServedPath, SERVED_PATH_RULE)
  readonly path!: string;

  @IsOptional()
  @IsArray({ message: 'must be a list of grants' })
  @ValidateNested({ each: true, message: 'must be an object with identity and mode' })
  @Type(() => GrantSection)
  readonly grants?: readonly GrantSection[];

  @IsOptional()
  @IsIn(ANONYMOUS_MODES, { message: `must be one of ${ANONYMOUS_MODES.join(', ')}` })
  readonly anonymous?: AnonymousMode;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with maxBytes, maxObjects or mode' })
  @Type(() => BucketQuota)
  readonly quota?: BucketQuota;

  @IsOptional()
  @IsArray({ message: 'must be a list of rules' })
  @ValidateNested({ each: true, message: 'must be a rule' })
  @Type(() => CorsRuleDocument)
  readonly cors?: readonly CorsRuleDocument[];
}

/** `bucketRoot` of bucketway.yaml. */
export class BucketRootSection {
  @Rule('isServedPath', isServedPath, SERVED_PATH_RULE)
  readonly path!: string;

  @IsOptional()
  @IsString({ each: true, message: 'must be a list of names of identities' })
  @IsArray({ message: 'must be a list of names of identities' })
  readonly create?: readonly string[];
}

/** bucketway.yaml as it is written. */
export class ConfigurationFile {
  @IsOptional()
  @Rule('isListenAddress', isListenAddress, LISTEN_ADDRESS_RULE)
  readonly listen?: string;

  @IsOptional()
  @Rule('isAdminAddress', (value) => value === 'off' || isListenAddress(value), `${LISTEN_ADDRESS_RULE}, or off`)
  readonly admin?: string;

  @IsOptional()
  @Matches(/^[a-z0-9-]{1,64}$/, { message: 'must be a region such as us-east-1' })
  readonly region?: string;

  @IsOptional()
  @Matches(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i, {
    each: true,
    message: 'must be a list of host names such as s3.example.com',
  })
  @IsArray({ message: 'must be a list of host names' })
  readonly domains?: readonly string[];

  @IsOptional()
  @IsIn(['v4', 'v2'], { each: true, message: 'must be a list of v4, v2' })
  @ArrayNotEmpty({ message: 'must hold v4, v2 or both' })
  @IsArray({ message: 'must be a list of v4, v2' })
  readonly signatureVersions?: readonly ('v4' | 'v2')[];

  @IsOptional()
  @Rule('isWorkers', isWorkers, `auto (one process a core) or a number from 1 to ${MAX_WORKERS}`)
  readonly workers?: 'auto' | number;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with certFile and keyFile' })
  @Type(() => TlsSection)
  readonly tls?: TlsSection;

  @ArrayNotEmpty({ message: 'must hold at least one storage' })
  @IsArray({ message: 'must be a list of storages, for example [{mount: /, local: {root: ./data}}]' })
  @ValidateNested({ each: true, message: 'must be an object with mount and a kind of storage' })
  @Type(() => StorageSection)
  readonly storages!: readonly StorageSection[];

  @IsOptional()
  @IsArray({ message: 'must be a list of identities' })
  @ValidateNested({ each: true, message: 'must be an object with name, accessKeyId and secretAccessKey' })
  @Type(() => IdentitySection)
  readonly identities?: readonly IdentitySection[];

  @IsOptional()
  @IsArray({ message: 'must be a list of buckets' })
  @ValidateNested({ each: true, message: 'must be an object with name and path' })
  @Type(() => BucketSection)
  readonly buckets?: readonly BucketSection[];

  @IsOptional()
  @ValidateNested({ message: 'must be an object with path' })
  @Type(() => BucketRootSection)
  readonly bucketRoot?: BucketRootSection;

  @IsOptional()
  @ArrayUnique({ message: 'must not name a folder twice' })
  @IsString({ each: true, message: 'must be a list of paths of folders' })
  @IsArray({ message: 'must be a list of paths of folders' })
  readonly documents?: readonly string[];

  @IsOptional()
  @Rule('isAccessLog', isAccessLog, 'stdout, off, or {file: PATH}')
  readonly accessLog?: 'stdout' | 'off' | { readonly file: string };

  @IsOptional()
  @Max(3600, { message: 'must be at most 3600' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly shutdownGraceSeconds?: number;

  @IsOptional()
  @Max(86_400, { message: 'must be at most 86400' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of seconds' })
  readonly usageIntervalSeconds?: number;
}

function isWorkers(value: unknown): boolean {
  return value === 'auto' || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_WORKERS);
}

function isAccessLog(value: unknown): boolean {
  if (value === 'stdout' || value === 'off') return true;
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== 'file') return false;
  const { file } = value as { file: unknown };
  return typeof file === 'string' && file !== '';
}
