import type { CorsRule } from '../config/snapshot.js';
import { findCorsRule } from './cors-rules.js';

const VARY = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method';

/**
 * The headers that a bucket's CORS rules add to an answer, errors included, as a flat list of names and values. Not for
 * answers to a preflight, which brings its own.
 *
 * @param rules of the bucket; none: no headers at all
 * @param origin the `Origin` header
 * @param method what the rule must allow: S3 takes `Access-Control-Request-Method` where a request has it, else the method
 */
export function corsHeaders(
  rules: readonly CorsRule[] | undefined,
  origin: string | undefined,
  method: string,
): string[] {
  if (rules === undefined || rules.length === 0) return [];
  const rule = origin === undefined ? undefined : findCorsRule(rules, origin, method);
  // Vary also where nothing matched: a shared cache must not give this answer to an origin that does match.
  if (origin === undefined || rule === undefined) return ['Vary', VARY];
  return ruleHeaders(rule, origin);
}

/** The headers of a rule that matched an origin, without what only a preflight is told. */
export function ruleHeaders(rule: CorsRule, origin: string): string[] {
  const headers = ['Access-Control-Allow-Origin', allowedOrigin(rule, origin)];
  headers.push('Access-Control-Allow-Methods', rule.allowedMethods.join(', '));
  if (rule.exposeHeaders.length > 0) headers.push('Access-Control-Expose-Headers', rule.exposeHeaders.join(', '));
  if (rule.maxAgeSeconds !== undefined) headers.push('Access-Control-Max-Age', String(rule.maxAgeSeconds));
  if (namesOrigin(rule, origin)) headers.push('Access-Control-Allow-Credentials', 'true');
  headers.push('Vary', VARY);
  return headers;
}

function allowedOrigin(rule: CorsRule, origin: string): string {
  return !rule.allowedOrigins.includes(origin) && rule.allowedOrigins.includes('*') ? '*' : origin;
}

// Credentials are for an origin that somebody wrote down: a pattern may fit more sites than its author thought of, and any
// sandboxed page has the origin "null".
function namesOrigin(rule: CorsRule, origin: string): boolean {
  return origin !== '*' && origin !== 'null' && rule.allowedOrigins.includes(origin);
}
