import { S3Error } from '../errors/s3-error.js';
import type { ETagList, WriteConditions } from './conditions.js';
import type { ObjectInfo } from './object-info.js';

/** What conditions are checked against. */
export type ConditionTarget = Pick<ObjectInfo, 'etag' | 'size' | 'lastModified'>;

/** Whether there is anything to check. */
export function hasConditions(conditions: WriteConditions): boolean {
  return (
    conditions.ifMatch !== undefined ||
    conditions.ifNoneMatch !== undefined ||
    conditions.ifMatchSize !== undefined ||
    conditions.ifMatchLastModified !== undefined
  );
}

/** Whether an entity tag is in a list. */
export function matchesETag(list: ETagList, etag: string): boolean {
  return list === '*' || list.includes(etag);
}

/**
 * Checks the preconditions of a put against the object as it is, undefined where there is none.
 *
 * @throws S3Error `PreconditionFailed`; `NoSuchKey` for an `If-Match` on nothing, as S3 answers it
 */
export function checkPutConditions(conditions: WriteConditions, current: ConditionTarget | undefined): void {
  if (conditions.ifMatch !== undefined) {
    if (current === undefined) throw new S3Error('NoSuchKey');
    if (!matchesETag(conditions.ifMatch, current.etag)) fail('If-Match');
  }
  if (conditions.ifNoneMatch !== undefined && current && matchesETag(conditions.ifNoneMatch, current.etag)) {
    fail('If-None-Match');
  }
}

/**
 * Checks the preconditions of a delete. Where there is no object nothing is to be protected, and the delete succeeds as any other.
 *
 * @throws S3Error `PreconditionFailed`
 */
export function checkDeleteConditions(conditions: WriteConditions, current: ConditionTarget | undefined): void {
  if (current === undefined) return;
  if (conditions.ifMatch !== undefined && !matchesETag(conditions.ifMatch, current.etag)) fail('If-Match');
  if (conditions.ifMatchSize !== undefined && conditions.ifMatchSize !== current.size) fail('x-amz-if-match-size');
  if (
    conditions.ifMatchLastModified !== undefined &&
    !sameSecond(conditions.ifMatchLastModified, current.lastModified)
  ) {
    fail('x-amz-if-match-last-modified-time');
  }
}

/** HTTP dates have whole seconds. */
function sameSecond(one: Date, other: Date): boolean {
  return Math.floor(one.getTime() / 1000) === Math.floor(other.getTime() / 1000);
}

function fail(condition: string): never {
  throw new S3Error('PreconditionFailed', { details: { Condition: condition } });
}
