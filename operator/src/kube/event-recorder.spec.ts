import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, FakeKubeApi } from '../../test/support/kube-api-fake.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { EventRecorder, type RecordedEvent } from './event-recorder.js';
import { KubeClient } from './kube-client.js';

const regarding = {
  apiVersion: 'bucketway.dev/v1alpha1',
  kind: 'S3Bucket',
  metadata: { namespace: 'team-a', name: 'photos', uid: 'u1', resourceVersion: '9' },
};
const event: RecordedEvent = { type: 'Normal', reason: 'KeyRotated', action: 'Rotate', note: 'a new key' };

describe('EventRecorder', () => {
  let api: FakeKubeApi;
  let client: KubeClient;
  let clock: ManualClock;
  let recorder: EventRecorder;
  let errors: unknown[];

  beforeEach(async () => {
    api = await FakeKubeApi.start();
    client = KubeClient.fromConfig(api.kubeconfigPath);
    clock = new ManualClock();
    errors = [];
    recorder = new EventRecorder(client, {
      component: 'bucketway.dev/operator',
      instance: 'operator-0',
      clock,
      onError: (error) => errors.push(error),
    });
  });

  afterEach(async () => {
    await recorder.stop();
    await client.close(true);
    await api.stop();
  });

  const sent = (): string[] =>
    api.requests.map(({ method, body }) => {
      const { note, series } = JSON.parse(body) as { note?: string; series?: { count: number } };
      return `${method} ${note ?? ''} ${series?.count ?? 1}`;
    });

  it('records what, why and on what', async () => {
    recorder.record(regarding, event);
    await recorder.flush();
    expect(api.requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/team-a/events');
    expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^photos\.[0-9a-f]{16}$/) as string, namespace: 'team-a' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'bucketway.dev/operator',
      reportingInstance: 'operator-0',
      ...event,
      regarding: { apiVersion: regarding.apiVersion, kind: regarding.kind, ...regarding.metadata },
    });
  });

  it('counts what happens again, and tells it every ten seconds at most', async () => {
    recorder.record(regarding, event);
    await recorder.flush();
    for (let i = 0; i < 5; i++) recorder.record(regarding, event);
    await clock.advance(9000);
    expect(sent()).toEqual(['POST a new key 1']);
    await clock.advance(1000);
    await recorder.flush();
    expect(sent()).toEqual(['POST a new key 1', 'PATCH  6']);
  });

  it('begins another event for another reason, object, or note, but for notes only so often', async () => {
    recorder.record(regarding, event);
    recorder.record(regarding, { ...event, reason: 'Other' });
    recorder.record({ ...regarding, metadata: { ...regarding.metadata, uid: 'u2' } }, event);
    recorder.record(regarding, { ...event, note: 'too soon' });
    await recorder.flush();
    await clock.advance(30_000);
    recorder.record(regarding, { ...event, note: 'another' });
    await recorder.flush();
    expect(sent().filter((line) => line.startsWith('POST'))).toEqual([
      'POST a new key 2',
      'POST a new key 1',
      'POST a new key 1',
      'POST another 1',
    ]);
  });

  it('begins anew when the event has gone', async () => {
    recorder.record(regarding, event);
    await recorder.flush();
    recorder.record(regarding, event);
    api.answerNext('any', { status: 404, body: failure(404, 'NotFound') });
    await recorder.flush();
    expect(sent()).toEqual(['POST a new key 1', 'PATCH  2', 'POST a new key 2']);
    expect(errors).toEqual([]);
  });

  it('gives up what is refused, and never throws', async () => {
    api.answerNext('any', { status: 403, body: failure(403, 'Forbidden') });
    recorder.record(regarding, event);
    await recorder.flush();
    expect(recorder.dropped).toBe(1);
    expect(errors).toHaveLength(1);
    await recorder.stop();
    recorder.record(regarding, event);
    expect(api.requests).toHaveLength(1);
  });

  it('holds only so much when the server does not answer', async () => {
    api.answerNext('any', 'hang');
    for (let i = 0; i < 3000; i++) {
      recorder.record({ ...regarding, metadata: { ...regarding.metadata, uid: `u${i}` } }, event);
    }
    expect(recorder.dropped).toBeGreaterThan(1900);
    const stopping = recorder.stop();
    await clock.advance(2000);
    await stopping;
  });

  it('cuts a note that is too long, between characters', async () => {
    recorder.record(regarding, { ...event, note: '€'.repeat(1000) });
    await recorder.flush();
    const { note } = JSON.parse(api.requests[0]?.body ?? '') as { note: string };
    expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1024);
    expect(note).toMatch(/^€+…$/);
  });

  it('puts events on what has no namespace into "default"', async () => {
    recorder.record({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'x' } }, event);
    await recorder.flush();
    expect(api.requests[0]?.path).toContain('/namespaces/default/');
  });
});
