import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  Equals,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { ACCESS_KEY_ID_RULE, isAccessKeyId } from './access-key.js';
import { ACCESS_MODE_RULE, ANONYMOUS_MODES, isAccessMode } from './access-mode.js';
import type { AccessMode, AnonymousMode } from './access-mode.js';
import { BUCKET_NAME_RULE, isBucketName } from './bucket-name.js';
import { CorsRuleDocument } from './cors-rule-document.js';
import { isKeyPrefix, KEY_PREFIX_RULE } from './key-prefix.js';
import { DOCUMENT_VERSION, MAX_BUCKETS, MAX_CORS_RULES, MAX_GRANTS } from './limits.js';
import { QUOTA_MODES } from './quota-mode.js';
import type { QuotaMode } from './quota-mode.js';
import { Rule } from './rule.js';
import { isTreePath, TREE_PATH_RULE } from './tree-path.js';

/** The S3Bucket that a mapping was made for: said in logs and status, never used to decide. */
export class BucketOwner {
  @IsString({ message: 'must be the namespace of the S3Bucket' })
  readonly namespace!: string;

  @IsString({ message: 'must be the name of the S3Bucket' })
  readonly name!: string;

  @IsOptional()
  @IsString({ message: 'must be the uid of the S3Bucket' })
  readonly uid?: string;
}

/** What one key may do. */
export class BucketGrant {
  @Rule('isAccessKeyId', isAccessKeyId, ACCESS_KEY_ID_RULE)
  readonly accessKeyId!: string;

  @Rule('isAccessMode', isAccessMode, ACCESS_MODE_RULE)
  readonly mode!: AccessMode;

  /** Only keys that begin with it. */
  @IsOptional()
  @Rule('isKeyPrefix', isKeyPrefix, KEY_PREFIX_RULE)
  readonly prefix?: string;
}

/** How much a bucket may hold. A bucket with one is measured, also where it sets no limit. */
export class BucketQuota {
  @IsOptional()
  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be at most 2^53 - 1' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of bytes' })
  readonly maxBytes?: number;

  @IsOptional()
  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be at most 2^53 - 1' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of objects' })
  readonly maxObjects?: number;

  /** `enforce` where it is left out. */
  @IsOptional()
  @IsIn(QUOTA_MODES, { message: `must be one of ${QUOTA_MODES.join(', ')}` })
  readonly mode?: QuotaMode;
}

/** A bucket, where it lies in the tree, and who may use it. */
export class MappedBucket {
  @Rule('isBucketName', isBucketName, BUCKET_NAME_RULE)
  readonly name!: string;

  @Rule('isTreePath', isTreePath, TREE_PATH_RULE)
  readonly path!: string;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with namespace and name' })
  @Type(() => BucketOwner)
  readonly owner?: BucketOwner;

  @ArrayMaxSize(MAX_GRANTS, { message: `must hold at most ${MAX_GRANTS} grants` })
  @IsArray({ message: 'must be a list of grants' })
  @ValidateNested({ each: true, message: 'must hold objects with accessKeyId and mode' })
  @Type(() => BucketGrant)
  readonly grants!: readonly BucketGrant[];

  @IsOptional()
  @IsIn(ANONYMOUS_MODES, { message: `must be one of ${ANONYMOUS_MODES.join(', ')}` })
  readonly anonymous?: AnonymousMode;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with maxBytes, maxObjects or mode' })
  @Type(() => BucketQuota)
  readonly quota?: BucketQuota;

  @IsOptional()
  @ArrayMaxSize(MAX_CORS_RULES, { message: `must hold at most ${MAX_CORS_RULES} rules` })
  @IsArray({ message: 'must be a list of rules' })
  @ValidateNested({ each: true, message: 'must hold rules' })
  @Type(() => CorsRuleDocument)
  readonly cors?: readonly CorsRuleDocument[];
}

/** `mappings*.json`: the buckets of one shard. It alone says what is active. */
export class MappingsDocument {
  @Equals(DOCUMENT_VERSION, { message: `must be ${DOCUMENT_VERSION}` })
  readonly version!: typeof DOCUMENT_VERSION;

  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be at most 2^53 - 1' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number that grows with each change' })
  readonly revision!: number;

  @Matches(/^sha256:[0-9a-f]{64}$/, { message: 'must be "sha256:" and 64 hexadecimal digits' })
  readonly hash!: string;

  @ArrayMaxSize(MAX_BUCKETS, { message: `must hold at most ${MAX_BUCKETS} buckets` })
  @IsArray({ message: 'must be a list of buckets' })
  @ValidateNested({ each: true, message: 'must hold objects with name, path and grants' })
  @Type(() => MappedBucket)
  readonly buckets!: readonly MappedBucket[];
}
