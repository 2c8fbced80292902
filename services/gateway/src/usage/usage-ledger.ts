import { LRUCache } from 'lru-cache';
import type { BucketQuota } from '../config/snapshot.js';
import type { PathUsage, Usage, UsageChange } from './bucket-usage.js';

/** How long changes are gathered before they are told, in milliseconds. */
const GATHER_MS = 500;

/** Keys whose size is remembered: some 2 MB. */
const MAX_WRITTEN = 10_000;

interface Amount {
  size: number;
  objects: number;
}

interface Entry {
  /** What all processes are known to have made of the path; undefined before it was counted. */
  known: PathUsage | undefined;
  /** What this process did and has not told yet. */
  readonly untold: Amount & { refused: boolean };
  /** What is being written here now. */
  readonly reserved: Amount;
}

/**
 * What this process knows of how full the paths are that have buckets with a quota: what the gateway counted, and what was
 * written since, here and, a moment later, by the other processes. A path that was not counted yet has room for everything.
 */
export class UsageLedger {
  private readonly entries = new Map<string, Entry>();
  /** Sizes of what was written here since the path was counted: who writes such a key again adds the difference only. */
  private readonly written = new LRUCache<string, { readonly size: number; readonly countedAt: number }>({
    max: MAX_WRITTEN,
  });
  private timer: NodeJS.Timeout | undefined;

  /** @param tell takes what this process did, for the others */
  constructor(private readonly tell: (changes: readonly UsageChange[]) => void) {}

  /** Takes over what the gateway knows of some paths. */
  learn(usages: readonly PathUsage[]): void {
    for (const usage of usages) this.entry(usage.path).known = usage;
  }

  /** Forgets all other paths. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.entries.keys()) if (!paths.has(path)) this.entries.delete(path);
  }

  /** Whether a path may grow by so much. What does not grow always may. */
  fits(path: string, { maxBytes = Infinity, maxObjects = Infinity }: BucketQuota, growth: Usage): boolean {
    const { known, untold, reserved } = this.entry(path);
    if (known === undefined) return true;
    const size = known.size + untold.size + reserved.size;
    const objects = known.objects + untold.objects + reserved.objects;
    return (
      (growth.size <= 0 || size + growth.size <= maxBytes) &&
      (growth.objects <= 0 || objects + growth.objects <= maxObjects)
    );
  }

  /** Bytes by which a path may still grow. */
  left(path: string, { maxBytes = Infinity }: BucketQuota): number {
    const { known, untold, reserved } = this.entry(path);
    return known === undefined ? Infinity : maxBytes - known.size - untold.size - reserved.size;
  }

  /** Holds room for a write that runs. @returns what gives it back, for when the write has ended */
  reserve(path: string, growth: Usage): () => void {
    const { reserved } = this.entry(path);
    // What a write frees is free once it has.
    const size = Math.max(0, growth.size);
    const objects = Math.max(0, growth.objects);
    reserved.size += size;
    reserved.objects += objects;
    return () => {
      reserved.size -= size;
      reserved.objects -= objects;
    };
  }

  /** The size of a key that was written here since the path was counted; undefined where that is not known. */
  writtenSize(path: string, key: string): number | undefined {
    const written = this.written.get(nameOf(path, key));
    return written?.countedAt === this.countedAt(path) ? written?.size : undefined;
  }

  /** An object was written. @param replaced the size of what was there, where that is known */
  wrote(path: string, key: string, size: number, replaced: number | undefined): void {
    this.written.set(nameOf(path, key), { size, countedAt: this.countedAt(path) });
    this.change(path, { size: size - (replaced ?? 0), objects: replaced === undefined ? 1 : 0 });
  }

  /** A part of an upload was written, which is no object yet. */
  wrotePart(path: string, name: string, size: number, replaced: number | undefined): void {
    this.written.set(nameOf(path, name), { size, countedAt: this.countedAt(path) });
    this.change(path, { size: size - (replaced ?? 0), objects: 0 });
  }

  /** Parts are gone with their upload: once, of how many requests to end it each is told that it has. */
  freed(path: string, name: string, size: number): void {
    if (size === 0 || this.writtenSize(path, name) !== undefined) return;
    this.written.set(nameOf(path, name), { size: 0, countedAt: this.countedAt(path) });
    this.change(path, { size: -size, objects: 0 });
  }

  /** A key was deleted. What was there before the path was counted is noticed when it is counted again. */
  deleted(path: string, key: string): void {
    const size = this.writtenSize(path, key);
    if (size === undefined) return;
    this.written.delete(nameOf(path, key));
    this.change(path, { size: -size, objects: -1 });
  }

  /** A write was refused. */
  refused(path: string): void {
    this.entry(path).untold.refused = true;
    this.tellSoon();
  }

  private change(path: string, { size, objects }: Usage): void {
    const { untold } = this.entry(path);
    untold.size += size;
    untold.objects += objects;
    this.tellSoon();
  }

  private tellSoon(): void {
    this.timer ??= setTimeout(() => this.tellNow(), GATHER_MS).unref();
  }

  private tellNow(): void {
    this.timer = undefined;
    const changes: UsageChange[] = [];
    for (const [path, entry] of this.entries) {
      const { untold, known } = entry;
      if (untold.size === 0 && untold.objects === 0 && !untold.refused) continue;
      changes.push({ path, ...untold });
      // Until it comes back with what the others did.
      if (known !== undefined) {
        entry.known = { ...known, size: known.size + untold.size, objects: known.objects + untold.objects };
      }
      Object.assign(untold, { size: 0, objects: 0, refused: false });
    }
    if (changes.length > 0) this.tell(changes);
  }

  private countedAt(path: string): number {
    return this.entries.get(path)?.known?.observedAt ?? 0;
  }

  private entry(path: string): Entry {
    let entry = this.entries.get(path);
    if (entry === undefined) {
      const nothing = { size: 0, objects: 0 };
      entry = { known: undefined, untold: { ...nothing, refused: false }, reserved: { ...nothing } };
      this.entries.set(path, entry);
    }
    return entry;
  }
}

/** A path has no NUL. */
function nameOf(path: string, key: string): string {
  return `${path}\0${key}`;
}
