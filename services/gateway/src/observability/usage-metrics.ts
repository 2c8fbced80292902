import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { BucketUsage } from '../usage/usage-keeper.js';

/** How full the buckets with a quota are. Their names come from the configuration and its documents, never from a client. */
export class UsageMetrics {
  constructor(registry: Registry, report: () => readonly BucketUsage[]) {
    const gauge = (name: string, help: string, valueOf: (usage: BucketUsage) => number | undefined): void => {
      new Gauge({
        name: `bucketway_bucket_${name}`,
        help,
        labelNames: ['bucket'],
        registers: [registry],
        collect() {
          // A bucket that is gone, or has no quota any more, must not stay.
          this.reset();
          for (const usage of report()) {
            const value = valueOf(usage);
            if (value !== undefined) this.set({ bucket: usage.bucket }, value);
          }
        },
      });
    };
    gauge('usage_bytes', 'Bytes of the objects of a bucket with a quota.', ({ size }) => size);
    gauge('usage_objects', 'Objects of a bucket with a quota.', ({ objects }) => objects);
    gauge('quota_bytes', 'Bytes that the quota of a bucket permits.', ({ quota }) => quota.maxBytes);
    gauge('quota_objects', 'Objects that the quota of a bucket permits.', ({ quota }) => quota.maxObjects);
  }
}
