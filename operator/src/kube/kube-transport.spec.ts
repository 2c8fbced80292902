import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeKubeApi } from '../../test/support/kube-api-fake.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { KubeClient } from './kube-client.js';
import type { KubeRequestRecord } from './kube-transport.js';
import { CONFIG_MAPS } from './resource.js';

/** The beginning of an answer whose end never comes. */
const STALLED = { status: 500, body: '{"kind":', stalls: true } as const;

describe('KubeTransport', () => {
  const ref = { namespace: 'ns', name: 'a' };
  let api: FakeKubeApi;
  let client: KubeClient;
  let records: KubeRequestRecord[];

  beforeEach(async () => {
    api = await FakeKubeApi.start();
    records = [];
    client = KubeClient.fromConfig(api.kubeconfigPath, { observe: (record) => records.push(record) });
  });

  afterEach(async () => {
    await client.close(true);
    await api.stop();
  });

  it('ends a watch whose error answer stalls, when nobody waits for it any more', async () => {
    api.answerNext('watch', STALLED);
    const abort = new AbortController();
    const watch = client.watch(CONFIG_MAPS, { resourceVersion: '1', timeoutSeconds: 300, signal: abort.signal });
    const event = watch.next();
    await until(() => records.length === 1);
    abort.abort();
    await expect(event).rejects.toMatchObject({ reason: 'Aborted' });
  });

  it('ends a watch whose error answer stalls, when the time for its beginning is over', async () => {
    const clock = new ManualClock();
    const observe = (record: KubeRequestRecord): void => void records.push(record);
    const stepped = KubeClient.fromConfig(api.kubeconfigPath, { clock, observe });
    api.answerNext('watch', STALLED);
    const { signal } = new AbortController();
    const event = stepped.watch(CONFIG_MAPS, { resourceVersion: '1', timeoutSeconds: 300, signal }).next();
    const failed = expect(event).rejects.toMatchObject({ reason: 'Timeout' });
    await until(() => records.length === 1);
    await clock.advance(30_000);
    await failed;
    expect(records.map(({ code }) => code)).toEqual(['500']);
    await stepped.close(true);
  });

  it.each([200, 401, 500])('ends a call whose answer stalls after its %i', async (status) => {
    api.answerNext('any', { ...STALLED, status });
    await expect(client.get(CONFIG_MAPS, ref, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'Timeout' });
  });

  it('does not wait for a credential plugin that hangs', async () => {
    const plugin = await api.writeFile('plugin', '#!/bin/sh\nwhile [ -e "$0" ]; do sleep 0.1; done\n');
    await api.writeKubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } });
    const abort = new AbortController();
    const call = client.get(CONFIG_MAPS, ref, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ reason: 'Aborted' });
    await expect(client.get(CONFIG_MAPS, ref, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'Timeout' });
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void setImmediate(resolve));
}
