import type { Tombstone } from './claim.js';
import { ownerKey } from './owner-key.js';
import { tombstoneBytes } from './tombstone-text.js';

/** The most that all of them may take: a ConfigMap holds 1 MiB, and others may have put something beside them. */
const MOST_BYTES = 1_000_000;

/** Tombstones by path, of which there is one a path, and by the S3Bucket that left them. */
export class Graveyard {
  private readonly byPath = new Map<string, Tombstone>();
  /** The last one that each S3Bucket left. */
  private readonly byOwner = new Map<string, Tombstone>();
  private bytes = 0;

  constructor(private readonly mostBytes = MOST_BYTES) {}

  get size(): number {
    return this.byPath.size;
  }

  /** @param key of the path, as the ledger compares paths */
  get(key: string): Tombstone | undefined {
    return this.byPath.get(key);
  }

  /** Whether one more can be stored. */
  hasRoomFor(tombstone: Tombstone): boolean {
    return this.bytes + tombstoneBytes(tombstone) <= this.mostBytes;
  }

  lastOf(owner: { readonly namespace: string; readonly name: string }): Tombstone | undefined {
    return this.byOwner.get(ownerKey(owner));
  }

  /** Sets a tombstone. @returns the one that stood there */
  add(key: string, tombstone: Tombstone): Tombstone | undefined {
    const before = this.remove(key);
    this.byPath.set(key, tombstone);
    this.bytes += tombstoneBytes(tombstone);
    const last = this.byOwner.get(ownerKey(tombstone));
    if (last === undefined || last.since <= tombstone.since) this.byOwner.set(ownerKey(tombstone), tombstone);
    return before;
  }

  remove(key: string): Tombstone | undefined {
    const tombstone = this.byPath.get(key);
    if (tombstone === undefined) return undefined;
    this.byPath.delete(key);
    this.bytes -= tombstoneBytes(tombstone);
    if (this.byOwner.get(ownerKey(tombstone)) === tombstone) this.byOwner.delete(ownerKey(tombstone));
    return tombstone;
  }

  all(): Tombstone[] {
    return [...this.byPath.values()];
  }

  clear(): void {
    this.byPath.clear();
    this.byOwner.clear();
    this.bytes = 0;
  }
}
