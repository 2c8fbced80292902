import type { KeyRecord } from './key-ring-entry.js';

/** A key that works until a time and no longer. What it was to answer, and to replace, is over. */
export function retiredKey(record: KeyRecord, at: Date): KeyRecord {
  const { answers: _, cause: __, ...key } = record;
  return { ...key, state: 'Retiring', retireAt: at.toISOString() };
}
