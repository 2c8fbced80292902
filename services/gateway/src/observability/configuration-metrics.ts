import { Counter, Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** How a reload ended. */
export type ReloadResult = 'applied' | 'unchanged' | 'refused';

/** By the name of a document's file. */
export interface DocumentFigures {
  readonly revisions: ReadonlyMap<string, number>;
  /** How many parts of it are not in force. */
  readonly leftOut: ReadonlyMap<string, number>;
}

/** Metrics of the configuration and its reloads. */
export class ConfigurationMetrics {
  private readonly reloads: Counter<'result'>;
  private readonly lastSuccessful: Gauge;
  private readonly lastSuccess: Gauge;
  private readonly generation: Gauge;
  private readonly revision: Gauge<'document'>;
  private readonly leftOut: Gauge<'document'>;

  constructor(registry: Registry) {
    const registers = [registry];
    this.reloads = new Counter({
      name: 'bucketway_config_reloads_total',
      help: 'Readings of the configuration file and the documents, by result.',
      labelNames: ['result'],
      registers,
    });
    this.lastSuccessful = new Gauge({
      name: 'bucketway_config_last_reload_successful',
      help: 'Whether everything in the configuration file and the documents is in force (1), or something was refused (0).',
      registers,
    });
    this.lastSuccess = new Gauge({
      name: 'bucketway_config_last_reload_success_timestamp_seconds',
      help: 'When everything was last read and in force.',
      registers,
    });
    this.generation = new Gauge({
      name: 'bucketway_config_generation',
      help: 'Number of the snapshot in force; counts from 1 when the process starts.',
      registers,
    });
    this.revision = new Gauge({
      name: 'bucketway_config_revision',
      help: 'Revision in force, by document.',
      labelNames: ['document'],
      registers,
    });
    this.leftOut = new Gauge({
      name: 'bucketway_config_left_out',
      help: 'Buckets and grants of a document that are not in force because the configuration file has them otherwise.',
      labelNames: ['document'],
      registers,
    });
    for (const result of ['applied', 'unchanged', 'refused']) this.reloads.inc({ result }, 0);
  }

  /** What documents have in force and what not, by the names of their files. */
  reloaded(result: ReloadResult, generation: number, { revisions, leftOut }: DocumentFigures): void {
    this.reloads.inc({ result });
    this.lastSuccessful.set(result === 'refused' ? 0 : 1);
    if (result !== 'refused') this.lastSuccess.setToCurrentTime();
    this.generation.set(generation);
    // The names are files that the operator mounts, not a client's; those that are gone must not stay.
    this.revision.reset();
    for (const [document, revision] of revisions) this.revision.set({ document }, revision);
    this.leftOut.reset();
    for (const [document, parts] of leftOut) this.leftOut.set({ document }, parts);
  }
}
