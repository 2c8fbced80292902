import type { UpstreamClient } from './upstream-client.js';
import { findTraits, type UpstreamTraits } from './upstream-traits.js';

/** How long an upstream that takes no writes is believed to take none, in milliseconds: permissions are given later. */
const READ_ONLY_MS = 60_000;

/** What the upstream can do, found out once, when it matters first. */
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
    if (!this.found.writable) setTimeout(() => (this.finding = undefined), READ_ONLY_MS).unref();
    return this.found;
  }
}
