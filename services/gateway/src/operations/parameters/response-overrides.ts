import { isAnonymous, type Principal } from '../../auth/identity.js';
import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import { toHeaderValue } from '../../http/header-text.js';

const PREFIX = 'response-';
const OVERRIDABLE = new Set([
  'content-type',
  'content-language',
  'expires',
  'cache-control',
  'content-disposition',
  'content-encoding',
]);

/** The query parameters of GetObject and HeadObject that replace response headers. */
export const RESPONSE_OVERRIDE_PARAMETERS = Array.from(OVERRIDABLE, (name) => PREFIX + name);

/**
 * The headers that a signed link replaces, by lower-case name, or undefined where there are none.
 *
 * @throws S3Error `InvalidRequest` for an unsigned request: anybody could make a link that has a browser run what was
 *   stored as plain text
 */
export function decodeResponseOverrides(
  query: QueryParameters,
  principal: Principal,
): ReadonlyMap<string, string> | undefined {
  let overrides: Map<string, string> | undefined;
  for (const { name } of query.list) {
    const header = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : '';
    if (!OVERRIDABLE.has(header)) continue;
    if (isAnonymous(principal)) {
      throw new S3Error('InvalidRequest', {
        message: 'Request specific response headers cannot be used for anonymous GET requests.',
      });
    }
    overrides ??= new Map();
    overrides.set(header, toHeaderValue(name, query.get(name) as string));
  }
  return overrides;
}
