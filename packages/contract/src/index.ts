/**
 * What the operator and the gateway agree on: the mappings and credentials documents, their rules and their hashes.
 * The S3Bucket resource's types belong here too, in `s3bucket.ts`.
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
export { CredentialsDocument, SecretKey } from './credentials-document.js';
export { documentFileName, parseDocumentFileName, shardOf } from './document-files.js';
export type { DocumentFile, DocumentKind } from './document-files.js';
export { contentHash, documentHash, seal, verify } from './document-hash.js';
export type { DocumentHeader } from './document-hash.js';
export { findMistakes } from './find-mistakes.js';
export { isKeyPrefix, KEY_PREFIX_RULE } from './key-prefix.js';
export {
  DOCUMENT_VERSION,
  MAX_BUCKETS,
  MAX_CORS_RULES,
  MAX_DOCUMENT_BYTES,
  MAX_GRANTS,
  MAX_PREFIX_BYTES,
  MAX_TREE_PATH_BYTES,
} from './limits.js';
export { BucketGrant, BucketOwner, BucketQuota, MappedBucket, MappingsDocument } from './mappings-document.js';
export { formatMistake, formatPath } from './mistake.js';
export type { Mistake } from './mistake.js';
export { nearestName } from './nearest-name.js';
export { DocumentError, parseCredentialsDocument, parseMappingsDocument } from './parse-document.js';
export { Rule } from './rule.js';
export { isTreePath, TREE_PATH_RULE } from './tree-path.js';
