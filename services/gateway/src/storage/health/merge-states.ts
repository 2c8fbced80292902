import type { StorageState } from '../storage-state.js';

/** The worse, the higher. */
const SEVERITY = { ready: 0, unknown: 1, unavailable: 2 } as const;

/** One state for each mount out of what several processes say: the worst, and of equal ones the first. */
export function mergeStates(reports: Iterable<readonly StorageState[]>): readonly StorageState[] {
  const merged = new Map<string, StorageState>();
  for (const states of reports) {
    for (const state of states) {
      const known = merged.get(state.mount);
      if (known === undefined || SEVERITY[state.state] > SEVERITY[known.state]) merged.set(state.mount, state);
    }
  }
  return [...merged.values()];
}
