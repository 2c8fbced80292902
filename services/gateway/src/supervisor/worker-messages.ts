import type { MetricObject } from 'prom-client';
import type { ListenAddress } from '../config/configuration.js';
import type { ConfigurationChange } from '../config/live-configuration.js';
import type { KeyUseTimes } from '../observability/key-uses.js';
import type { Measurement, PathUsage, UsageChange } from '../usage/bucket-usage.js';
import type { ServeSettings, WorkerReport } from './fleet.js';

/** Exit code of a worker that was told to drain and had to cut requests off. */
export const REQUESTS_CUT_OFF = 3;

/** What the supervisor tells a worker. Snapshots hold Maps and Sets: the channel clones structures, not JSON. */
export type ToWorker =
  | {
      readonly type: 'start';
      readonly worker: number;
      readonly settings: ServeSettings;
      readonly change: ConfigurationChange;
    }
  | { readonly type: 'change'; readonly change: ConfigurationChange }
  | { readonly type: 'report' | 'metrics' | 'key-uses'; readonly question: number }
  | { readonly type: 'measure'; readonly question: number; readonly path: string }
  | { readonly type: 'usage'; readonly usages: readonly PathUsage[] }
  | { readonly type: 'drain'; readonly graceMs: number };

/** What a worker tells the supervisor. */
export type FromWorker =
  | { readonly type: 'hello' }
  | { readonly type: 'listening'; readonly address: ListenAddress }
  | { readonly type: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly type: 'applied'; readonly generation: number }
  | { readonly type: 'usage'; readonly changes: readonly UsageChange[] }
  | {
      readonly type: 'answer';
      readonly question: number;
      readonly answer: WorkerReport | MetricObject[] | KeyUseTimes | Measurement;
    };
