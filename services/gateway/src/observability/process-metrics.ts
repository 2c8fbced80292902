import { collectDefaultMetrics, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import { VERSION } from '../version.js';

/** Memory, processor time, event loop and garbage collection of this process, and what build it runs. */
export function registerProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'bucketway_build_info',
    help: 'Always 1; the labels say which build runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
    aggregator: 'max',
  }).set({ version: VERSION, node: process.version }, 1);
}
