/**
 * What the operator and the gateway agree on: the mappings and credentials documents, their rules and their hashes.
 * The S3Bucket resource's types, its conditions and its reasons, too.
 *
 * @packageDocumentation
 */
export { ACCESS_KEY_ID_RULE, SECRET_ACCESS_KEY_RULE, isAccessKeyId, isSecretAccessKey } from './access-key.js';
export {
  ACCESS_MODE_RULE,
  ACCESS_MODES,
  ANONYMOUS_MODES,
  GRANT_PERMISSIONS,
  isAccessMode,
  permissionsOf,
} from './access-mode.js';
export type { AccessMode, AnonymousMode, GrantPermission } from './access-mode.js';
export { BUCKET_NAME_RULE, isBucketName } from './bucket-name.js';
export { canonicalJson } from './canonical-json.js';
export { CORS_METHODS, CorsRuleDocument } from './cors-rule-document.js';
export { corsRuleMistake } from './cors-rule-mistake.js';
export { CredentialsDocument, SecretKey } from './credentials-document.js';
export { documentFileName, parseDocumentFileName, shardOf } from './document-files.js';
export type { DocumentFile, DocumentKind } from './document-files.js';
export { contentHash, documentHash, seal, verify } from './document-hash.js';
export type { DocumentHeader } from './document-hash.js';
export { findMistakes } from './find-mistakes.js';
export { formatSize } from './format-size.js';
export { isKeyPrefix, KEY_PREFIX_RULE } from './key-prefix.js';
export {
  DOCUMENT_VERSION,
  MAX_BUCKETS,
  MAX_CORS_RULES,
  MAX_DOCUMENT_BYTES,
  MAX_GRANTS,
  MAX_PREFIX_BYTES,
  MAX_SEGMENT_BYTES,
  MAX_TREE_PATH_BYTES,
} from './limits.js';
export { BucketGrant, BucketOwner, BucketQuota, MappedBucket, MappingsDocument } from './mappings-document.js';
export { formatMistake, formatPath } from './mistake.js';
export type { Mistake } from './mistake.js';
export { nearestName } from './nearest-name.js';
export { OPERATOR_USER_AGENT } from './operator-user-agent.js';
export { DURATION_RULE, parseDuration } from './parse-duration.js';
export { parseSize, SIZE_RULE } from './parse-size.js';
export { DocumentError, parseCredentialsDocument, parseMappingsDocument } from './parse-document.js';
export { QUOTA_MODES } from './quota-mode.js';
export type { QuotaMode } from './quota-mode.js';
export { Rule } from './rule.js';
export type { S3Bucket, S3BucketMetadata } from './s3-bucket.js';
export { CONDITION_STATUSES } from './s3-bucket-condition.js';
export type { Condition, ConditionStatus } from './s3-bucket-condition.js';
export { CONDITION_TYPES } from './s3-bucket-condition-type.js';
export type { ConditionType } from './s3-bucket-condition-type.js';
export {
  defaultSecretName,
  MANAGED_LABEL,
  ALLOW_MASS_DELETION_ANNOTATION,
  REVOKE_ANNOTATION,
  S3_BUCKET_API_VERSION,
  S3_BUCKET_FINALIZER,
  S3_BUCKET_GROUP,
  S3_BUCKET_KIND,
  S3_BUCKET_PLURAL,
  S3_BUCKET_VERSION,
} from './s3-bucket-names.js';
export { CONDITION_REASONS } from './s3-bucket-reason.js';
export type { ConditionReason, ReasonDescription } from './s3-bucket-reason.js';
export {
  CREDENTIALS_MODES,
  PATH_POLICIES,
  RECLAIM_POLICIES,
  S3_BUCKET_ACCESS_MODES,
  S3_BUCKET_ANONYMOUS_MODES,
  S3_BUCKET_QUOTA_MODES,
  SECRET_FORMATS,
} from './s3-bucket-spec.js';
export type {
  S3BucketAccessMode,
  S3BucketAnonymousMode,
  S3BucketCorsRule,
  S3BucketCredentials,
  S3BucketCredentialsMode,
  S3BucketPathPolicy,
  S3BucketQuota,
  S3BucketQuotaMode,
  S3BucketReclaimPolicy,
  S3BucketRotation,
  S3BucketSecretFormat,
  S3BucketSecretReference,
  S3BucketSpec,
} from './s3-bucket-spec.js';
export { ADDRESSING_STYLES, KEY_STATES, ROTATION_PHASES } from './s3-bucket-status.js';
export type {
  S3BucketAddressingStyle,
  S3BucketBinding,
  S3BucketCredentialsStatus,
  S3BucketEndpoint,
  S3BucketKey,
  S3BucketKeyState,
  S3BucketProgrammed,
  S3BucketRotationPhase,
  S3BucketStatus,
  S3BucketUsage,
} from './s3-bucket-status.js';
export { isServedPath, longSegmentOf, RESERVED_PREFIX, reservedSegmentOf, SERVED_PATH_RULE } from './served-path.js';
export { isTreePath, TREE_PATH_RULE } from './tree-path.js';
