import type { UpstreamClient } from './upstream-client.js';
import { findTraits, type UpstreamTraits } from './upstream-traits.js';

/** How long an upstream that takes no writes is believed to take none, in milliseconds: permissions are given later. */
const READ_ONLY_MS = 60_000;
/** After how long an upstream that left a question open is asked again, in milliseconds. */
const UNSETTLED_MS = 10_000;

/** What the upstream can do, found out when it matters first, and once it has answered everything for good. */
export class TraitsCache {
  private finding: Promise<UpstreamTraits> | undefined;
  private found: UpstreamTraits | undefined;

  constructor(private readonly client: UpstreamClient) {}

  /** As far as it was found out. */
  get known(): UpstreamTraits | undefined {
    return this.found;
  }

  /** @throws StorageError `unavailable` */
  get(): Promise<UpstreamTraits> {
    this.finding ??= this.find();
    return this.finding;
  }

  private async find(): Promise<UpstreamTraits> {
    try {
      this.found = await findTraits(this.client);
    } catch (error) {
      this.finding = undefined;
      throw error;
    }
    const { settled, writable } = this.found;
    if (!settled) this.forgetAfter(UNSETTLED_MS);
    else if (!writable) this.forgetAfter(READ_ONLY_MS);
    return this.found;
  }

  private forgetAfter(delayMs: number): void {
    setTimeout(() => (this.finding = undefined), delayMs).unref();
  }
}
