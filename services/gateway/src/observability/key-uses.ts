// Not the whole package: of it, each serving process would load the validators, of which it makes no use (4 MB).
import { OPERATOR_USER_AGENT } from '@bucketway/contract/operator-user-agent';
import { RequestObserver } from './request-observer.js';
import type { RequestRecord } from './request-record.js';

const MINUTE_MS = 60_000;

/** When a key was used last, by access key id: milliseconds since 1970, to the minute. */
export type KeyUseTimes = ReadonlyMap<string, number>;

/**
 * Remembers when each access key was used last. Only keys whose signature was right have a principal, so a client cannot make it
 * remember names that nobody configured. What the operator tries with the key of a bucket is no use by its app.
 */
export class KeyUses extends RequestObserver {
  private readonly minutes = new Map<string, number>();

  override started(): void {}

  override finished({ principal, time, userAgent }: RequestRecord): void {
    if (principal === undefined) return;
    const minute = Math.floor(time.getTime() / MINUTE_MS);
    if (this.minutes.get(principal.accessKeyId) === minute || userAgent === OPERATOR_USER_AGENT) return;
    this.minutes.set(principal.accessKeyId, minute);
  }

  /** Forgets keys that are no longer configured. */
  keepOnly(accessKeyIds: { has(accessKeyId: string): boolean }): void {
    for (const id of this.minutes.keys()) if (!accessKeyIds.has(id)) this.minutes.delete(id);
  }

  times(): KeyUseTimes {
    return new Map([...this.minutes].map(([id, minute]) => [id, minute * MINUTE_MS]));
  }
}
