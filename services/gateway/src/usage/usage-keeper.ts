import type { LoggerService } from '@nestjs/common';
import type { BucketMapping, BucketQuota } from '../config/snapshot.js';
import type { Measurement, PathUsage, Usage, UsageChange } from './bucket-usage.js';

/** How long news are gathered before the processes are told, in milliseconds. */
const GATHER_MS = 400;
/** How long after a quota has changed a process may still tell of what it refused for the one before, in milliseconds: it gathers, too. */
const LATE_MS = 1000;
/** Until a process is there that can count, in milliseconds. */
const NOBODY_MS = 1000;

/** The processes that count and are told. */
export interface UsageProcesses {
  /** Has one process count the objects of a path; undefined where there is none, or it died. */
  measure(path: string): Promise<Measurement | undefined>;
  tellUsage(usages: readonly PathUsage[]): void;
}

/** How full a bucket is, for `/status/usage` and metrics. */
export interface BucketUsage extends Usage {
  readonly bucket: string;
  /** When its objects were counted last. */
  readonly observedAt: Date;
  /** Whether writes of since then are added. */
  readonly approximate: boolean;
  readonly quota: BucketQuota;
  /** Whether it holds its quota, or a write was refused in the last interval. */
  readonly exceeded: boolean;
}

interface Followed {
  counted: Usage | undefined;
  /** When it was counted, in milliseconds since 1970; 0 for never. */
  countedAt: number;
  /** When the last try ended, on the clock that never jumps. */
  triedAt: number;
  /** What was written since it was counted. */
  readonly since: { size: number; objects: number };
  /** When a process refused a write last, on the same clock. */
  refusedAt: number;
  /** The quotas for which it did. */
  quotas: string;
  /** Since when they are these, on that clock too. */
  quotasSince: number;
  failing: boolean;
}

/**
 * Keeps how full the buckets with a quota are, for all processes of a gateway: has one path after the other counted, each at
 * most once an interval, adds up what the processes write in between, and tells them all.
 */
export class UsageKeeper {
  /** By path: buckets of one path share it. In the order of their tries. */
  private readonly followed = new Map<string, Followed>();
  /** Those that were never tried, which come first. */
  private readonly untried = new Set<string>();
  private buckets: readonly (BucketMapping & { readonly quota: BucketQuota })[] = [];
  private readonly news = new Set<string>();
  private processes: UsageProcesses | undefined;
  private intervalMs = 0;
  private measuring = false;
  private measureTimer: NodeJS.Timeout | undefined;
  private tellTimer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(private readonly log: LoggerService) {}

  /** The processes serve. */
  begin(processes: UsageProcesses): void {
    this.processes = processes;
    this.schedule();
  }

  /** Says which buckets there are. */
  follow(buckets: Iterable<BucketMapping>, intervalSeconds: number): void {
    this.buckets = [...buckets].filter((bucket) => bucket.quota !== undefined) as typeof this.buckets;
    this.intervalMs = intervalSeconds * 1000;
    const wanted = new Map<string, string>();
    for (const { path, quota } of this.buckets) wanted.set(path, `${wanted.get(path) ?? ''}${JSON.stringify(quota)}`);
    for (const path of this.followed.keys()) if (!wanted.has(path)) this.drop(path);
    for (const [path, quotas] of wanted) {
      const followed = this.followed.get(path);
      if (followed === undefined) this.add(path, quotas);
      // Another quota may have room for what was refused.
      else if (followed.quotas !== quotas)
        Object.assign(followed, { quotas, quotasSince: performance.now(), refusedAt: -Infinity });
    }
    this.schedule();
  }

  /** A process wrote or refused something. */
  changed(changes: readonly UsageChange[]): void {
    for (const { path, size, objects, refused } of changes) {
      const followed = this.followed.get(path);
      if (followed === undefined) continue;
      followed.since.size += size;
      followed.since.objects += objects;
      if (refused && performance.now() - followed.quotasSince > LATE_MS) followed.refusedAt = performance.now();
      this.tellSoon(path);
    }
  }

  /** What is known, for a process that begins. */
  all(): readonly PathUsage[] {
    return [...this.followed.keys()].flatMap((path) => this.usageOf(path) ?? []);
  }

  /** By bucket; those that were counted. */
  report(): readonly BucketUsage[] {
    return this.buckets.flatMap(({ name, path, quota }) => {
      const usage = this.usageOf(path);
      if (usage === undefined) return [];
      const { size, objects, observedAt } = usage;
      const { since, refusedAt } = this.followed.get(path) as Followed;
      const full = size >= (quota.maxBytes ?? Infinity) || objects >= (quota.maxObjects ?? Infinity);
      const approximate = since.size !== 0 || since.objects !== 0;
      // For an interval, so that it does not come and go with each try of a client.
      const refusing = quota.mode === 'enforce' && performance.now() - refusedAt < this.intervalMs;
      return [
        {
          bucket: name,
          size,
          objects,
          observedAt: new Date(observedAt),
          approximate,
          quota,
          exceeded: full || refusing,
        },
      ];
    });
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.measureTimer);
    clearTimeout(this.tellTimer);
  }

  private usageOf(path: string): PathUsage | undefined {
    const followed = this.followed.get(path);
    if (followed?.counted === undefined) return undefined;
    const { counted, countedAt, since } = followed;
    return {
      path,
      size: Math.max(0, counted.size + since.size),
      objects: Math.max(0, counted.objects + since.objects),
      observedAt: countedAt,
    };
  }

  private schedule(): void {
    clearTimeout(this.measureTimer);
    const next = this.next();
    if (next === undefined || this.processes === undefined || this.measuring || this.closed) return;
    this.measureTimer = setTimeout(() => void this.measure(next.path), next.inMs).unref();
  }

  private add(path: string, quotas: string): void {
    this.untried.add(path);
    this.followed.set(path, neverCounted(quotas));
  }

  private drop(path: string): void {
    this.untried.delete(path);
    this.followed.delete(path);
  }

  private next(): { readonly path: string; readonly inMs: number } | undefined {
    for (const path of this.untried) return { path, inMs: 0 };
    for (const [path, { triedAt }] of this.followed)
      return { path, inMs: triedAt + this.intervalMs - performance.now() };
    return undefined;
  }

  private async measure(path: string): Promise<void> {
    const followed = this.followed.get(path);
    if (followed === undefined || this.processes === undefined) return;
    this.measuring = true;
    const before = { ...followed.since };
    const measured = await this.processes.measure(path);
    this.measuring = false;
    if (measured === undefined) {
      if (!this.closed) this.measureTimer = setTimeout(() => this.schedule(), NOBODY_MS).unref();
      return;
    }
    followed.triedAt = performance.now();
    if (this.followed.get(path) === followed) {
      this.drop(path);
      this.followed.set(path, followed);
    }
    if ('failure' in measured) {
      if (!followed.failing) this.log.warn(`the objects at ${path} could not be counted: ${measured.failure}`);
      followed.failing = true;
    } else {
      followed.failing = false;
      followed.counted = measured;
      followed.countedAt = Date.now();
      // What was written meanwhile may have been counted, or not: it is added, so that the error is on the safe side.
      followed.since.size -= before.size;
      followed.since.objects -= before.objects;
      this.tell([path]);
    }
    this.schedule();
  }

  private tellSoon(path: string): void {
    this.news.add(path);
    if (this.closed) return;
    this.tellTimer ??= setTimeout(() => {
      this.tellTimer = undefined;
      this.tell(this.news);
      this.news.clear();
    }, GATHER_MS).unref();
  }

  private tell(paths: Iterable<string>): void {
    this.processes?.tellUsage([...paths].flatMap((path) => this.usageOf(path) ?? []));
  }
}

function neverCounted(quotas: string): Followed {
  return {
    counted: undefined,
    countedAt: 0,
    triedAt: -Infinity,
    since: { size: 0, objects: 0 },
    refusedAt: -Infinity,
    quotas,
    quotasSince: -Infinity,
    failing: false,
  };
}
