import { S3Error } from '../../errors/s3-error.js';
import type { WriteConditions } from '../../objects/conditions.js';
import { checkPutConditions, hasConditions, type ConditionTarget } from '../../objects/write-conditions.js';
import { StorageError } from '../storage-error.js';
import { quoted } from './object-facts.js';
import { hasCode, isServerFailure } from './upstream-error.js';
import type { UpstreamTraits } from './upstream-traits.js';

/** The headers that make the upstream keep the conditions of a write. */
export interface ConditionHeaders {
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

/** The object as it is; undefined where there is none. */
export type LookUp = () => Promise<ConditionTarget | undefined>;

/** What a write needs to know of an upstream. */
type Traits = Pick<UpstreamTraits, 'settled' | 'createOnly' | 'ifMatch'>;

/**
 * Finds the headers for conditions. The upstream takes one entity tag; several, and those that must not match, are decided here
 * against the object as it is, which the upstream then holds still.
 *
 * @throws S3Error `NotImplemented`, `ServiceUnavailable`, `PreconditionFailed`, `NoSuchKey`
 */
export async function conditionHeaders(
  conditions: WriteConditions,
  traits: Traits,
  lookUp: LookUp,
): Promise<ConditionHeaders> {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined) {
    requireTrait(traits, traits.ifMatch !== undefined, 'If-Match');
    if (ifMatch !== '*' && ifMatch.length === 1) return matching(ifMatch[0] as string, traits);
  } else if (ifNoneMatch === '*') {
    requireTrait(traits, traits.createOnly, 'If-None-Match');
    return { IfNoneMatch: '*' };
  } else if (ifNoneMatch === undefined) return {};
  const current = await lookUp();
  checkPutConditions(conditions, current);
  requireTrait(traits, current === undefined ? traits.createOnly : traits.ifMatch !== undefined, 'If-None-Match');
  return current === undefined ? { IfNoneMatch: '*' } : matching(current.etag, traits);
}

/**
 * The error for a conditional write that the upstream refused. Servers differ in what they say of an object that is not there,
 * and of the losers of a race.
 */
export async function refusalOf(error: unknown, conditions: WriteConditions, lookUp: LookUp): Promise<unknown> {
  if (!hasConditions(conditions)) return error;
  const refused = hasCode(error, 'PreconditionFailed');
  const lost = isServerFailure(error) || (error instanceof StorageError && error.code === 'busy');
  if (!refused && !lost) return error;
  try {
    checkPutConditions(conditions, await lookUp());
  } catch (found) {
    return hasCode(found, 'PreconditionFailed', 'NoSuchKey') ? found : error;
  }
  // What was refused would be right by now, or was decided here from what has changed since.
  return refused && !isExact(conditions) ? new StorageError('busy', 'The object is being changed.') : error;
}

/** Whether the upstream itself decides. */
function isExact({ ifMatch, ifNoneMatch }: WriteConditions): boolean {
  return ifMatch === undefined ? ifNoneMatch === '*' : ifMatch !== '*' && ifMatch.length === 1;
}

function matching(etag: string, traits: Traits): ConditionHeaders {
  return { IfMatch: traits.ifMatch === 'bare' ? etag : quoted(etag) };
}

/** @throws S3Error `NotImplemented`; `ServiceUnavailable` where it is not known yet */
export function requireTrait(traits: Pick<UpstreamTraits, 'settled'>, has: boolean, header: string): void {
  if (has) return;
  requireSettled(traits, header);
  throw new S3Error('NotImplemented', {
    message: `The S3 behind this bucket does not keep ${header} on this request.`,
    details: { Header: header },
  });
}

/** A client that is told 501 does not come back. @throws S3Error `ServiceUnavailable` */
export function requireSettled({ settled }: Pick<UpstreamTraits, 'settled'>, what: string): void {
  if (settled) return;
  throw new S3Error('ServiceUnavailable', {
    message: `It could not be found out yet whether the S3 behind this bucket keeps ${what}. Try again.`,
    headers: { 'Retry-After': '10' },
  });
}
