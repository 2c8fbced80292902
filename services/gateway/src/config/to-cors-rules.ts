import type { CorsRuleDocument } from '@bucketway/contract';
import type { CorsRule } from './snapshot.js';

/** CORS rules as they are written, as the snapshot holds them. */
export function toCorsRules(rules: readonly CorsRuleDocument[]): CorsRule[] {
  return rules.map(({ id, allowedOrigins, allowedMethods, allowedHeaders, exposeHeaders, maxAgeSeconds }) => ({
    ...(id !== undefined && { id }),
    allowedOrigins,
    allowedMethods,
    allowedHeaders: allowedHeaders ?? [],
    exposeHeaders: exposeHeaders ?? [],
    ...(maxAgeSeconds !== undefined && { maxAgeSeconds }),
  }));
}
