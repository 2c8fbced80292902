import type { CorsRule } from '../config/snapshot.js';

/** The methods that a rule may allow (Amazon S3 API reference, `CORSRule`). */
export const CORS_METHODS: readonly string[] = ['GET', 'PUT', 'HEAD', 'POST', 'DELETE'];

/**
 * The first rule that lets an origin use a method.
 *
 * @param requestedHeaders what a preflight asks for, in lower case; every one must be allowed
 */
export function findCorsRule(
  rules: readonly CorsRule[],
  origin: string,
  method: string,
  requestedHeaders: readonly string[] = [],
): CorsRule | undefined {
  return rules.find(
    (rule) =>
      rule.allowedMethods.includes(method) &&
      rule.allowedOrigins.some((pattern) => matchesWildcard(pattern, origin)) &&
      requestedHeaders.every((header) => allowsHeader(rule, header)),
  );
}

/** Whether text fits a pattern in which at most one `*` stands for any characters, also none. */
export function matchesWildcard(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  // The length keeps the two ends from sharing characters: "ab*ba" does not fit "aba".
  return (
    text.length >= pattern.length - 1 &&
    text.startsWith(pattern.slice(0, star)) &&
    text.endsWith(pattern.slice(star + 1))
  );
}

function allowsHeader(rule: CorsRule, header: string): boolean {
  return rule.allowedHeaders.some((pattern) => matchesWildcard(pattern.toLowerCase(), header));
}
