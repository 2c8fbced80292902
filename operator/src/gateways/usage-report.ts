/** How full a gateway says that a bucket is. */
export interface ReportedUsage {
  /** Bytes. */
  readonly size: number;
  readonly objects: number;
  /** When it counted the objects, in milliseconds since 1970. */
  readonly observedAt: number;
  readonly approximate: boolean;
  /** Whether the bucket holds its quota, or a write was refused for it lately. */
  readonly exceeded: boolean;
}

/** What a gateway says in `/status/usage`. */
export interface UsageReport {
  /** By bucket name; those with a quota. */
  readonly buckets: ReadonlyMap<string, ReportedUsage>;
  /** When keys were used last, by access key id, in milliseconds since 1970. */
  readonly keys: ReadonlyMap<string, number>;
}

/** Nothing is known. */
export const NO_USAGE: UsageReport = { buckets: new Map(), keys: new Map() };

/** Reads the answer of `/status/usage`. @throws Error where it is not such an answer */
export function parseUsageReport(body: unknown): UsageReport {
  const { buckets, keys } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(buckets) || !Array.isArray(keys)) {
    throw new Error('the answer of /status/usage has no buckets or no keys');
  }
  return { buckets: new Map(buckets.map(toUsage)), keys: new Map(keys.map(toKeyUse)) };
}

/**
 * What all gateways say together: of a bucket, the one that counted last; of a key, the latest use. Each counts for itself, and
 * does not know what the others write in between.
 */
export function mergeUsageReports(reports: Iterable<UsageReport>): UsageReport {
  const buckets = new Map<string, ReportedUsage>();
  const keys = new Map<string, number>();
  for (const report of reports) {
    for (const [name, usage] of report.buckets) {
      const known = buckets.get(name) ?? usage;
      const latest = usage.observedAt > known.observedAt ? usage : known;
      buckets.set(name, { ...latest, exceeded: known.exceeded || usage.exceeded });
    }
    for (const [id, at] of report.keys) keys.set(id, Math.max(at, keys.get(id) ?? 0));
  }
  return { buckets, keys };
}

function toUsage(entry: unknown): [string, ReportedUsage] {
  const { bucket, size, objects, observedAt, approximate, exceeded } = (entry ?? {}) as Record<string, unknown>;
  const at = Date.parse(String(observedAt));
  if (typeof bucket !== 'string' || typeof size !== 'number' || typeof objects !== 'number' || Number.isNaN(at)) {
    throw new Error('a bucket of /status/usage lacks its name, size, objects or time');
  }
  return [bucket, { size, objects, observedAt: at, approximate: approximate === true, exceeded: exceeded === true }];
}

function toKeyUse(entry: unknown): [string, number] {
  const { accessKeyId, lastUsedAt } = (entry ?? {}) as Record<string, unknown>;
  const at = Date.parse(String(lastUsedAt));
  if (typeof accessKeyId !== 'string' || Number.isNaN(at)) {
    throw new Error('a key of /status/usage lacks its id or its time');
  }
  return [accessKeyId, at];
}
