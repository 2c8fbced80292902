import { S3Error } from '../../errors/s3-error.js';
import { matchesETag } from '../../objects/write-conditions.js';
import { NO_CONDITIONS, type ReadConditions } from '../../objects/conditions.js';
import type { ObjectInfo } from '../../objects/object-info.js';

/** What preconditions come to: go on, 304, or 412. */
export type PreconditionOutcome = 'proceed' | 'not-modified' | 'failed';

/**
 * Evaluates the preconditions of a read in the order of RFC 9110 section 13.2.2: an entity tag decides where both it and
 * a date are given.
 */
export function evaluateReadConditions(conditions: ReadConditions, info: ObjectInfo): PreconditionOutcome {
  if (conditions === NO_CONDITIONS) return 'proceed';
  if (conditions.ifMatch !== undefined) {
    if (!matchesETag(conditions.ifMatch, info.etag)) return 'failed';
  } else if (conditions.ifUnmodifiedSince !== undefined && modifiedSince(info, conditions.ifUnmodifiedSince)) {
    return 'failed';
  }
  if (conditions.ifNoneMatch !== undefined) {
    return matchesETag(conditions.ifNoneMatch, info.etag) ? 'not-modified' : 'proceed';
  }
  if (conditions.ifModifiedSince !== undefined && !modifiedSince(info, conditions.ifModifiedSince)) {
    return 'not-modified';
  }
  return 'proceed';
}

/** HTTP dates have whole seconds, so the object's fraction must not count. */
function modifiedSince(info: ObjectInfo, date: Date): boolean {
  return Math.floor(info.lastModified.getTime() / 1000) > Math.floor(date.getTime() / 1000);
}

/**
 * The same for the source of a copy, where everything but "go on" is an error.
 *
 * @throws S3Error `PreconditionFailed`
 */
export function requireCopySourceConditions(conditions: ReadConditions, info: ObjectInfo): void {
  if (evaluateReadConditions(conditions, info) !== 'proceed') {
    throw new S3Error('PreconditionFailed', { details: { Condition: 'x-amz-copy-source-If' } });
  }
}
