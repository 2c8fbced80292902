import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OperatorConfiguration } from '../config/operator-configuration.js';
import type { EventRecorder } from '../kube/event-recorder.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { DocumentEvents } from './document-events.js';

describe('DocumentEvents', () => {
  beforeAll(() => Logger.overrideLogger(false));
  afterAll(() => Logger.overrideLogger(['warn', 'error', 'fatal']));

  it.each([
    ['kubectl-edit', /edited by kubectl-edit; .* Change the S3Buckets instead/],
    ['bucketway-operator', /edited by another operator of Bucketway; .* documents\.name of its own/],
  ])('tells of a document that %s changed, and what to do', (manager, note) => {
    const notes: string[] = [];
    const recorder = { record: (_: unknown, event: { note: string }) => notes.push(event.note) };
    const configuration = { namespace: 'storage', documents: { name: 'b' } } as OperatorConfiguration;
    const events = new DocumentEvents(recorder as unknown as EventRecorder, new OperatorMetrics(), configuration);
    const object = { kind: 'ConfigMap', namespace: 'storage', name: 'b-mappings-0' } as const;
    events.drift({ kind: 'mappings', shard: 0, change: 'edited', object, manager });
    expect(notes).toEqual([expect.stringMatching(note)]);
  });
});
