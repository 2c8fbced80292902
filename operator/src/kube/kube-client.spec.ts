import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, FakeKubeApi } from '../../test/support/kube-api-fake.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { KubeClient } from './kube-client.js';
import { KubeError } from './kube-error.js';
import type { KubeRequestRecord } from './kube-transport.js';
import { CONFIG_MAPS, NAMESPACES, SECRETS } from './resource.js';

describe('KubeClient', () => {
  let api: FakeKubeApi;
  let client: KubeClient;
  let records: KubeRequestRecord[];

  beforeEach(async () => {
    api = await FakeKubeApi.start();
    records = [];
    client = KubeClient.fromConfig(api.kubeconfigPath, { observe: (record) => records.push(record), random: () => 0 });
  });

  afterEach(async () => {
    await client.close(true);
    await api.stop();
  });

  const ref = { namespace: 'ns', name: 'a' };
  const object = { metadata: ref, data: { x: '1' } };

  it.each([
    ['get', () => client.get(CONFIG_MAPS, ref), 'GET /api/v1/namespaces/ns/configmaps/a?', undefined],
    ['get of a cluster', () => client.get(NAMESPACES, { name: 'ns' }), 'GET /api/v1/namespaces/ns?', undefined],
    [
      'create',
      () => client.create(CONFIG_MAPS, object, { fieldManager: 'me' }),
      'POST /api/v1/namespaces/ns/configmaps?fieldManager=me',
      'application/json',
    ],
    [
      'replace',
      () => client.replace(CONFIG_MAPS, object),
      'PUT /api/v1/namespaces/ns/configmaps/a?',
      'application/json',
    ],
    [
      'apply',
      () => client.apply(CONFIG_MAPS, object, { fieldManager: 'me', force: true, subresource: 'status' }),
      'PATCH /api/v1/namespaces/ns/configmaps/a/status?fieldManager=me&force=true',
      'application/apply-patch+yaml',
    ],
    [
      'json patch',
      () => client.patch(CONFIG_MAPS, ref, [], { type: 'json' }),
      'PATCH /api/v1/namespaces/ns/configmaps/a?',
      'application/json-patch+json',
    ],
    [
      'merge patch',
      () => client.patch(CONFIG_MAPS, ref, {}, { type: 'merge', fieldManager: 'me' }),
      'PATCH /api/v1/namespaces/ns/configmaps/a?fieldManager=me',
      'application/merge-patch+json',
    ],
    [
      'delete',
      () => client.delete(CONFIG_MAPS, ref, { uid: 'u' }),
      'DELETE /api/v1/namespaces/ns/configmaps/a?',
      'application/json',
    ],
  ])('%s', async (_, call, line, contentType) => {
    await call();
    const { method, path, query, headers } = api.requests[0] ?? expect.fail('no request');
    expect(`${method} ${path}?${query.toString()}`).toBe(line);
    expect(headers['content-type']).toBe(contentType);
  });

  it.each(['', '.', '..'])('refuses the name "%s", which would be another path', async (name) => {
    await expect(client.get(CONFIG_MAPS, { namespace: 'ns', name })).rejects.toThrow('is not a name');
    await expect(client.get(CONFIG_MAPS, { name: 'a' })).rejects.toThrow('needs a namespace');
    expect(api.requests).toEqual([]);
  });

  it('sends what an object is, and fills it in in what comes back', async () => {
    await client.apply(CONFIG_MAPS, object, { fieldManager: 'me', force: true });
    expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({ apiVersion: 'v1', kind: 'ConfigMap', ...object });
    api.put('a');
    const { items } = await client.list(CONFIG_MAPS, { namespace: 'ns' });
    expect(items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
  });

  it('tells an object that is not there from a resource that is not', async () => {
    const missing = { status: 404, body: failure(404, 'NotFound') };
    api.answerNext('any', missing, missing, { status: 404, body: '404 page not found' });
    expect(await client.get(CONFIG_MAPS, ref)).toBeUndefined();
    expect(await client.delete(CONFIG_MAPS, ref)).toBe(false);
    await expect(client.get(CONFIG_MAPS, ref)).rejects.toMatchObject({ reason: 'UnknownResource', status: 404 });
  });

  it('repeats what the server asks to repeat, after the time it gives, and counts each request', async () => {
    const clock = new ManualClock();
    const patient = KubeClient.fromConfig(api.kubeconfigPath, {
      clock,
      random: () => 0,
      observe: (r) => records.push(r),
    });
    api.answerNext('any', { status: 429, headers: { 'retry-after': '3' } });
    const answer = patient.replace(CONFIG_MAPS, object);
    await until(() => records.length === 1);
    await clock.advance(2999);
    expect(api.requests).toHaveLength(1);
    await clock.advance(1);
    await answer;
    expect(records.map(({ verb, resource, code }) => `${verb} ${resource} ${code}`)).toEqual([
      'update configmaps 429',
      'update configmaps 200',
    ]);
    await patient.close(true);
  });

  it('does not repeat what is urgent, nor a write whose connection broke', async () => {
    api.answerNext('any', { status: 429, headers: { 'retry-after': '1' } }, 'reset');
    await expect(client.replace(CONFIG_MAPS, object, { urgent: true })).rejects.toMatchObject({
      status: 429,
      retryAfterSeconds: 1,
    });
    await expect(client.replace(CONFIG_MAPS, object)).rejects.toMatchObject({ reason: 'ConnectionFailed', status: 0 });
    expect(api.requests).toHaveLength(2);
  });

  it('repeats a read whose connection broke', async () => {
    api.answerNext('any', 'reset');
    expect(await client.list(CONFIG_MAPS, {})).toMatchObject({ items: [] });
    expect(records.map(({ code }) => code)).toEqual(['error', '200']);
  });

  it('ends a call that gets no answer, or that nobody waits for any more', async () => {
    api.answerNext('any', 'hang', 'hang');
    await expect(client.get(CONFIG_MAPS, ref, { timeoutMs: 50 })).rejects.toMatchObject({
      reason: 'Timeout',
      status: 0,
    });
    const abort = new AbortController();
    const call = client.get(CONFIG_MAPS, ref, { signal: abort.signal });
    abort.abort();
    await expect(call).rejects.toMatchObject({ reason: 'Aborted' });
  });

  it('limits writes, but neither reads nor what is urgent', async () => {
    const clock = new ManualClock();
    const limited = KubeClient.fromConfig(api.kubeconfigPath, { clock, writes: { perSecond: 1, burst: 1 } });
    await limited.replace(CONFIG_MAPS, object);
    let written = false;
    const second = limited.replace(CONFIG_MAPS, object).then(() => (written = true));
    await limited.replace(CONFIG_MAPS, object, { urgent: true });
    await limited.get(CONFIG_MAPS, ref);
    expect(written).toBe(false);
    await clock.advance(1000);
    await second;
    expect(api.requests).toHaveLength(4);
    await limited.close(true);
  });

  it('reads the token again when it was refused, and once only', async () => {
    const tokenFile = await api.writeFile('token', 'old\n');
    // As client-node describes a pod's service account.
    await api.writeKubeconfig({ 'auth-provider': { name: 'tokenFile', config: { tokenFile } } });
    await client.get(CONFIG_MAPS, ref);
    await api.writeFile('token', 'new\n');
    api.answerNext('any', { status: 401 });
    await client.get(CONFIG_MAPS, ref);
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer old',
      'Bearer old',
      'Bearer new',
    ]);
    api.answerNext('any', { status: 401 }, { status: 401 });
    await expect(client.get(CONFIG_MAPS, ref)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
    expect(api.requests).toHaveLength(5);
  });

  it('asks a credential plugin once for many requests, and never shows what it prints', async () => {
    const plugin = await api.writeFile(
      'plugin',
      `#!/bin/sh\nprintf x >> "$(dirname "$0")/runs"\necho '{"status":{"token":"from-plugin"}}'\n`,
    );
    await api.writeKubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: plugin } });
    await Promise.all([1, 2, 3].map(() => client.get(CONFIG_MAPS, ref)));
    expect(new Set(api.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer from-plugin']));
    await api.writeFile('plugin', '#!/bin/sh\necho hunter2 >&2\nexit 1\n');
    api.answerNext('any', { status: 401 });
    const error = await client.get(CONFIG_MAPS, ref).catch((thrown: unknown) => thrown as KubeError);
    expect(error).toMatchObject({ reason: 'CredentialsFailed' });
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
  });

  it('keeps its connections, also when it looks at its credentials again', async () => {
    const clock = new ManualClock();
    const tokenFile = await api.writeFile('token', 'one');
    await api.writeKubeconfig({ 'auth-provider': { name: 'tokenFile', config: { tokenFile } } });
    const steady = KubeClient.fromConfig(api.kubeconfigPath, { clock });
    for (let i = 0; i < 20; i++) {
      await steady.get(CONFIG_MAPS, ref);
      await clock.advance(11_000);
    }
    const ports = api.requests.map(({ port }) => port);
    // undici opens a second one when an answer has come, but its connection is not free yet.
    expect(new Set(ports).size).toBeLessThanOrEqual(2);
    await steady.close(true);
  });

  it('does not wait for a connection longer than for an answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const server = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await api.writeKubeconfig({}, server);
    const stuck = KubeClient.fromConfig(api.kubeconfigPath);
    await expect(stuck.get(CONFIG_MAPS, ref, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'Timeout' });
    await stuck.close(true);
    silent.close();
  }, 5000);

  it('says no more of a Secret than its name', async () => {
    api.answerNext('any', { status: 422, body: failure(422, 'Invalid', 'Invalid value: "hunter2"') });
    const secret = { metadata: ref, data: { k: 'hunter2' } };
    await expect(client.replace(SECRETS, secret)).rejects.toThrow(/^update secrets ns\/a: 422 Invalid$/);
  });

  it('takes an answer that is not JSON for a failure', async () => {
    api.answerNext('any', { status: 200, body: '<html>' }, { status: 200, body: {} });
    await expect(client.get(CONFIG_MAPS, ref)).rejects.toMatchObject({ reason: 'InvalidAnswer' });
    await expect(client.list(CONFIG_MAPS, {})).rejects.toMatchObject({ reason: 'InvalidAnswer' });
  });

  it('knows its namespace', () => {
    expect(client.namespace).toBe('here');
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((resolve) => void setImmediate(resolve));
}
