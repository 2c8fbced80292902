import { LRUCache } from 'lru-cache';

/** How often the same is told again, in milliseconds. */
const AGAIN_MS = 10_000;
/** Texts that are remembered: more than a gateway has storages that can be down at once. */
const MAX_TEXTS = 256;

/** Keeps what would be said with every request of an outage to a line in ten seconds that tells how many there were. */
export class RepeatedLines {
  private readonly told = new LRUCache<string, { readonly at: number; untold: number }>({ max: MAX_TEXTS });

  /**
   * @param now milliseconds of a clock that never jumps
   * @returns how many were not told since the last line with this text; undefined where this one is not to be, either
   */
  tell(text: string, now: number): number | undefined {
    const last = this.told.get(text);
    if (last !== undefined && now - last.at < AGAIN_MS) {
      last.untold++;
      return undefined;
    }
    this.told.set(text, { at: now, untold: 0 });
    return last?.untold ?? 0;
  }
}
