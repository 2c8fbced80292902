import 'reflect-metadata';
import {
  DURATION_RULE,
  parseDuration,
  parseSize,
  Rule,
  S3_BUCKET_ACCESS_MODES,
  S3_BUCKET_ANONYMOUS_MODES,
  SIZE_RULE,
} from '@bucketway/contract';
import type { S3BucketAccessMode, S3BucketAnonymousMode } from '@bucketway/contract';
import { Type } from 'class-transformer';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { isRecord } from '../kube/is-record.js';
import type { LabelRequirement } from './label-selector.js';
import { PATH_TEMPLATE_RULE, PathTemplate } from './path-template.js';
import { OVERLAP_MODES } from './policy.js';
import type { OverlapMode } from './policy.js';

const OPERATORS: readonly LabelRequirement['operator'][] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];
const ACCESS_MODES = `must be a list of ${S3_BUCKET_ACCESS_MODES.join(', ')}`;
const ANONYMOUS = `must be a list of ${S3_BUCKET_ANONYMOUS_MODES.join(', ')}`;
const TRUE_OR_FALSE = { message: 'must be true or false' };
const NAMESPACE_RULE = 'names of namespaces, or "*" for all';
const BUCKET_NAME_PART_RULE = 'a-z, 0-9, "-", ".", {namespace} and {name}, such as "{namespace}-"';
const LABELS_RULE = 'an object from labels to values, both text';
const isSize = (value: unknown): boolean => parseSize(value) !== undefined;
const isDuration = (value: unknown): boolean => parseDuration(value) !== undefined;
const isPathTemplate = (value: unknown): boolean => PathTemplate.parse(value) !== undefined;

/** `matchExpressions[]` of a selector. */
export class LabelRequirementSection {
  @MinLength(1, { message: 'must be the name of a label' })
  @IsString({ message: 'must be the name of a label' })
  readonly key!: string;

  @IsIn(OPERATORS, { message: `must be one of ${OPERATORS.join(', ')}` })
  readonly operator!: LabelRequirement['operator'];

  @IsOptional()
  @IsString({ each: true, message: 'must be a list of text' })
  @IsArray({ message: 'must be a list of text' })
  readonly values?: readonly string[];
}

/** `selector` of a rule's namespaces. */
export class LabelSelectorSection {
  @IsOptional()
  @Rule('isLabels', isLabels, LABELS_RULE)
  readonly matchLabels?: Readonly<Record<string, string>>;

  @IsOptional()
  @IsArray({ message: 'must be a list of objects with key and operator' })
  @ValidateNested({ each: true, message: 'must hold objects with key and operator' })
  @Type(() => LabelRequirementSection)
  readonly matchExpressions?: readonly LabelRequirementSection[];
}

/** `namespaces` of a rule. */
export class NamespacesSection {
  @IsOptional()
  @Rule('isNamespaceName', isNamespaceName, NAMESPACE_RULE, true)
  @IsArray({ message: `must be a list of ${NAMESPACE_RULE}` })
  readonly names?: readonly string[];

  @IsOptional()
  @ValidateNested({ message: 'must be an object with matchLabels or matchExpressions' })
  @Type(() => LabelSelectorSection)
  readonly selector?: LabelSelectorSection;
}

/** `paths[]` of a rule. */
export class PathSection {
  @Rule('isPathTemplate', isPathTemplate, PATH_TEMPLATE_RULE)
  readonly prefix!: string;

  @IsOptional()
  @IsIn(S3_BUCKET_ACCESS_MODES, { each: true, message: ACCESS_MODES })
  @ArrayNotEmpty({ message: 'must hold at least one mode' })
  @IsArray({ message: ACCESS_MODES })
  readonly accessModes?: readonly S3BucketAccessMode[];
}

/** `bucketNames` of a rule. */
export class BucketNamesSection {
  @IsOptional()
  @Rule('isBucketNamePart', isBucketNamePart, BUCKET_NAME_PART_RULE)
  readonly prefix?: string;

  @IsOptional()
  @Rule('isBucketNamePart', isBucketNamePart, BUCKET_NAME_PART_RULE, true)
  @IsArray({ message: 'must be a list of bucket names' })
  readonly exact?: readonly string[];
}

/** `allow` of a rule. */
export class AllowSection {
  @IsOptional()
  @IsBoolean(TRUE_OR_FALSE)
  readonly reclaimDelete?: boolean;

  @IsOptional()
  @IsIn(S3_BUCKET_ANONYMOUS_MODES, { each: true, message: ANONYMOUS })
  @IsArray({ message: ANONYMOUS })
  readonly anonymous?: readonly S3BucketAnonymousMode[];

  @IsOptional()
  @IsBoolean(TRUE_OR_FALSE)
  readonly existingSecret?: boolean;
}

/** `limits` of a rule. */
export class LimitsSection {
  @IsOptional()
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number of S3Buckets' })
  readonly bucketsPerNamespace?: number;

  @IsOptional()
  @Rule('isSize', isSize, SIZE_RULE)
  readonly maxSize?: string;
}

/** `defaults.quota` of a rule. */
export class QuotaSection {
  @IsOptional()
  @Rule('isSize', isSize, SIZE_RULE)
  readonly maxSize?: string;

  @IsOptional()
  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be at most 2^53 - 1' })
  @Min(1, { message: 'must be at least 1' })
  @IsInt({ message: 'must be a whole number of objects' })
  readonly maxObjects?: number;
}

/** `defaults.rotation` of a rule. */
export class RotationSection {
  @IsOptional()
  @Rule('isDuration', isDuration, DURATION_RULE)
  readonly interval?: string;

  @IsOptional()
  @Rule('isDuration', isDuration, DURATION_RULE)
  readonly overlap?: string;
}

/** `defaults` of a rule. */
export class DefaultsSection {
  @IsOptional()
  @ValidateNested({ message: 'must be an object with maxSize or maxObjects' })
  @Type(() => QuotaSection)
  readonly quota?: QuotaSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with interval or overlap' })
  @Type(() => RotationSection)
  readonly rotation?: RotationSection;
}

/** `rules[]` of the policy. */
export class PolicyRuleSection {
  @ValidateNested({ message: 'must be an object with names or a selector' })
  @Type(() => NamespacesSection)
  @IsDefined({ message: 'must be an object with names or a selector' })
  @IsObject({ message: 'must be an object with names or a selector' })
  readonly namespaces!: NamespacesSection;

  @ArrayNotEmpty({ message: 'must hold at least one path: a rule without paths permits nothing' })
  @IsArray({ message: 'must be a list of objects with prefix' })
  @ValidateNested({ each: true, message: 'must hold objects with prefix' })
  @Type(() => PathSection)
  readonly paths!: readonly PathSection[];

  @IsOptional()
  @Rule('isPathTemplate', isPathTemplate, PATH_TEMPLATE_RULE)
  readonly defaultPath?: string;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with prefix or exact' })
  @Type(() => BucketNamesSection)
  readonly bucketNames?: BucketNamesSection;

  @IsOptional()
  @IsIn(OVERLAP_MODES, { message: `must be one of ${OVERLAP_MODES.join(', ')}` })
  readonly overlap?: OverlapMode;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with reclaimDelete, anonymous or existingSecret' })
  @Type(() => AllowSection)
  readonly allow?: AllowSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with bucketsPerNamespace or maxSize' })
  @Type(() => LimitsSection)
  readonly limits?: LimitsSection;

  @IsOptional()
  @ValidateNested({ message: 'must be an object with quota or rotation' })
  @Type(() => DefaultsSection)
  readonly defaults?: DefaultsSection;
}

/** `policy` of the operator's configuration file. */
export class PolicySection {
  @IsArray({ message: 'must be a list of rules; an empty list permits nothing' })
  @ValidateNested({ each: true, message: 'must hold rules' })
  @Type(() => PolicyRuleSection)
  readonly rules!: readonly PolicyRuleSection[];

  @IsOptional()
  @IsBoolean(TRUE_OR_FALSE)
  readonly caseInsensitivePaths?: boolean;
}

function isNamespaceName(value: unknown): boolean {
  return value === '*' || (typeof value === 'string' && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value));
}

function isBucketNamePart(value: unknown): boolean {
  return typeof value === 'string' && /^(?:[a-z0-9.-]|\{namespace\}|\{name\})+$/.test(value);
}

function isLabels(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every((label) => typeof label === 'string');
}
