import { encodePercent } from '../../http/percent-encoding.js';
import type { QueryParameter, QueryParameters } from '../../http/query-parameters.js';

/**
 * The query as SigV4 signs it: encoded, then sorted by name and value. A parameter without `=` gets one.
 *
 * @param except a parameter that is left out: the signature itself, in presigned URLs
 */
export function canonicalQuery(query: QueryParameters, except?: string): string {
  if (query.list.length === 0) return '';
  const encoded: QueryParameter[] = [];
  for (const { name, value } of query.list) {
    if (name !== except) encoded.push({ name: encodePercent(name), value: encodePercent(value) });
  }
  // Not as joined text: "=" sorts behind "-" and the digits, so `a-b=` would come before `a=`.
  if (encoded.length > 1) encoded.sort(byNameAndValue);
  let text = '';
  for (const { name, value } of encoded) text += text === '' ? `${name}=${value}` : `&${name}=${value}`;
  return text;
}

function byNameAndValue(a: QueryParameter, b: QueryParameter): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value === b.value) return 0;
  return a.value < b.value ? -1 : 1;
}
