import type { KeyPlan } from './key-plan.js';
import type { KeyRecord } from './key-ring-entry.js';

/** The key that the app has, or is about to get; undefined before the first. */
export function currentKey({ secretKey, entry }: Pick<KeyPlan, 'secretKey' | 'entry'>): KeyRecord | undefined {
  return secretKey ?? entry.keys.find(({ state }) => state === 'Active');
}
