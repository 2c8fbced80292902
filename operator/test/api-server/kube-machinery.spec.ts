import { readFile, writeFile } from 'node:fs/promises';
import { join, dirname } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigMap } from '../../src/kube/core-objects.js';
import { EventRecorder } from '../../src/kube/event-recorder.js';
import { KubeClient } from '../../src/kube/kube-client.js';
import type { KubeObject } from '../../src/kube/kube-object.js';
import { LeaderElector, NotLeadingError } from '../../src/kube/leader-elector.js';
import { Reflector, type ReflectorOptions } from '../../src/kube/reflector.js';
import { CONFIG_MAPS, EVENTS, LEASES, NAMESPACES, type Resource, SECRETS } from '../../src/kube/resource.js';
import type { StoreChange } from '../../src/kube/store.js';
import { KubeApiProxy } from '../support/kube-api-proxy.js';
import { type KubeApiServer, NO_KUBE_API_SERVER, startKubeApiServer } from '../support/kube-api-server.js';
import { ManualClock } from '../support/manual-clock.js';

describe.skipIf(NO_KUBE_API_SERVER)('the Kubernetes machinery on a real API server (needs KUBEBUILDER_ASSETS)', () => {
  let api: KubeApiServer;
  let client: KubeClient;
  let proxy: KubeApiProxy;
  /** Goes through the proxy. */
  let remote: KubeClient;
  let namespace: string;
  let count = 0;
  const cleanup: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    api = await startKubeApiServer();
    client = api.client;
  });

  afterAll(() => api?.stop());

  beforeEach(async () => {
    namespace = `test-${++count}`;
    await client.create(NAMESPACES, { metadata: { name: namespace } }, { fieldManager: 'test' });
    proxy = await KubeApiProxy.start(api.port);
    remote = KubeClient.fromConfig(await api.kubeconfigFor('admin', ['system:masters'], proxy.url));
    cleanup.push(
      () => proxy.stop(),
      () => remote.close(true),
    );
  });

  afterEach(async () => {
    for (const step of cleanup.splice(0).toReversed()) await step();
  });

  const put = (name: string, data: Record<string, string> = {}): Promise<ConfigMap> =>
    client.apply(CONFIG_MAPS, { metadata: { namespace, name }, data }, { fieldManager: 'test', force: true });

  class Watched {
    readonly reflector: Reflector<ConfigMap>;
    readonly changes: string[] = [];
    readonly errors: unknown[] = [];
    readonly endings: string[] = [];
    readonly lists: number[] = [];
    missed = 0;
    private readonly waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

    constructor(options: ReflectorOptions<ConfigMap> = {}, through: KubeClient = remote) {
      this.reflector = new Reflector(through, CONFIG_MAPS, {
        namespace,
        onError: (error) => this.note(this.errors, error),
        metrics: {
          ended: (reason) => this.note(this.endings, reason),
          listed: (objects) => this.note(this.lists, objects),
          watching: () => this.look(),
          missed: (changes) => (this.missed += changes),
        },
        ...options,
      });
      this.reflector.store.onChange((change) => this.note(this.changes, describeChange(change)));
      this.reflector.start();
      cleanup.push(() => this.reflector.stop());
    }

    has(name: string): boolean {
      return this.reflector.store.get(`${namespace}/${name}`) !== undefined;
    }

    /** Resolves at the first change, error or end of a watch at which `holds` is true. */
    until(holds: () => boolean): Promise<void> {
      if (holds()) return Promise.resolve();
      return new Promise((resolve) => void this.waiting.push({ holds, resolve }));
    }

    private note<E>(list: E[], entry: E): void {
      list.push(entry);
      this.look();
    }

    private look(): void {
      for (const waiting of this.waiting) if (waiting.holds()) waiting.resolve();
    }
  }

  describe('Reflector', () => {
    it('lists 1,200 objects in pages, and follows what happens to them', async () => {
      const numbers = Array.from({ length: 1200 }, (_, i) => i);
      const worker = async (): Promise<void> => {
        for (let i = numbers.pop(); i !== undefined; i = numbers.pop()) await put(`o${i}`, { n: String(i) });
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      const watched = new Watched();
      await watched.reflector.synced;
      expect(watched.reflector.store.size).toBe(1200);
      expect(watched.reflector.store.get(`${namespace}/o7`)?.metadata).not.toHaveProperty('managedFields');
      watched.changes.length = 0;
      await put('o7', { n: 'seven' });
      await client.delete(CONFIG_MAPS, { namespace, name: 'o8' });
      await watched.until(() => watched.changes.length === 2);
      expect(watched.changes).toEqual(['o7 changed', 'o8 deleted']);
      expect(proxy.accepted).toBeLessThanOrEqual(3);
    });

    it('hears the first event after a long silence', async () => {
      // Ten minutes pass for everything in the client that could lose patience.
      const clock = new ManualClock();
      const idle = KubeClient.fromConfig(api.kubeconfigPath, { clock });
      cleanup.push(() => idle.close(true));
      const watched = new Watched({}, idle);
      await watched.reflector.synced;
      await clock.advance(600_000);
      await put('late');
      await watched.until(() => watched.has('late'));
      expect(watched.endings).toEqual([]);
    });

    it('goes on after its connection was cut, without a list', async () => {
      const watched = new Watched();
      await watched.reflector.synced;
      await put('before');
      await watched.until(() => watched.has('before'));
      proxy.cut();
      await put('meanwhile');
      await watched.until(() => watched.has('meanwhile'));
      expect(watched.endings).toEqual(['error']);
      expect(watched.lists).toHaveLength(1);
    });

    it('leaves a connection that died silently', async () => {
      const clock = new ManualClock();
      const watched = new Watched({ clock });
      await watched.reflector.synced;
      await put('before');
      await watched.until(() => watched.has('before'));
      proxy.freeze();
      await put('meanwhile');
      await clock.advance(151_000);
      await watched.until(() => watched.endings.length > 0);
      expect(watched.endings).toEqual(['silent']);
      // Idle connections of the lost route are still there to be tried: in real time they would be closed by now.
      proxy.thaw();
      proxy.cut();
      while (!watched.has('meanwhile')) await clock.advance(100);
    });

    it('lists again when its version is too old, and tells apart an object and its successor', async () => {
      const watched = new Watched();
      await put('kept');
      await put('deleted');
      await put('replaced');
      await watched.until(() => watched.changes.length === 3);
      watched.changes.length = 0;
      // While it cannot reconnect, its version is compacted away, and a new API server remembers no event.
      proxy.hold();
      proxy.cut();
      await client.delete(CONFIG_MAPS, { namespace, name: 'deleted' });
      await client.delete(CONFIG_MAPS, { namespace, name: 'replaced' });
      await put('replaced');
      await api.etcd.compact();
      await api.restart();
      proxy.release();
      await watched.until(() => watched.lists.length === 2);
      expect(watched.changes.sort()).toEqual(['deleted deleted', 'replaced added', 'replaced deleted']);
      expect(watched.endings.at(-1)).toMatch(/error|expired/);
      await put('after');
      await watched.until(() => watched.has('after'));
    });

    it('is told of a version that is too old', async () => {
      const first = await client.list(CONFIG_MAPS, { namespace });
      await put('a');
      await api.etcd.compact();
      await api.restart();
      const options = { namespace, resourceVersion: first.resourceVersion, timeoutSeconds: 10 };
      const watch = client.watch(CONFIG_MAPS, { ...options, signal: new AbortController().signal });
      await expect(watch.next()).rejects.toMatchObject({ status: 410, reason: 'Expired' });
    });

    it('waits while the API server is away, and knows everything when it is back', async () => {
      const watched = new Watched();
      await put('a');
      await watched.until(() => watched.has('a'));
      await api.kill();
      await watched.until(() => watched.errors.length >= 3);
      expect(watched.has('a')).toBe(true);
      await api.start();
      await put('b');
      await watched.until(() => watched.has('b'));
      expect(watched.changes).toEqual(['a added', 'b added']);
      expect(watched.missed).toBe(0);
    });

    it('follows an etcd that was set back', async () => {
      await put('old');
      const snapshot = await api.etcd.snapshot();
      const watched = new Watched();
      await put('lost');
      await watched.until(() => watched.has('lost') && watched.has('old'));
      await api.etcd.restore(snapshot);
      await watched.until(() => !watched.has('lost'));
      expect(watched.has('old')).toBe(true);
      await put('new');
      await watched.until(() => watched.has('new'));
    });

    it('goes on when a token that was refused is replaced', async () => {
      await api.kubectl(['-n', namespace, 'create', 'serviceaccount', 'reader']);
      const can = ['--verb=list,watch', '--resource=configmaps'];
      await api.kubectl(['-n', namespace, 'create', 'role', 'reader', ...can]);
      const who = ['--role=reader', `--serviceaccount=${namespace}:reader`];
      await api.kubectl(['-n', namespace, 'create', 'rolebinding', 'reader', ...who]);
      const token = await api.kubectl(['-n', namespace, 'create', 'token', 'reader']);
      const folder = dirname(api.kubeconfigPath);
      const tokenFile = join(folder, `${namespace}.token`);
      const kubeconfig = JSON.parse(await readFile(api.kubeconfigPath, 'utf8')) as { users: unknown };
      kubeconfig.users = [{ name: 'test', user: { 'auth-provider': { name: 'tokenFile', config: { tokenFile } } } }];
      const path = join(folder, `${namespace}.kubeconfig`);
      await writeFile(path, JSON.stringify(kubeconfig));
      await writeFile(tokenFile, 'no longer valid');
      const byToken = KubeClient.fromConfig(path);
      cleanup.push(() => byToken.close(true));
      const watched = new Watched({}, byToken);
      await watched.until(() => watched.errors.length === 1);
      expect(watched.errors[0]).toMatchObject({ status: 401, reason: 'Unauthorized' });
      await writeFile(tokenFile, token);
      await watched.reflector.synced;
      await put('seen');
      await watched.until(() => watched.has('seen'));
    });
  });

  describe('KubeClient', () => {
    it('owns what it applies, and gives up what it leaves out', async () => {
      const apply = (data: Record<string, string>, fieldManager: string, force = false): Promise<ConfigMap> =>
        client.apply(CONFIG_MAPS, { metadata: { namespace, name: 'shared' }, data }, { fieldManager, force });
      await apply({ a: '1', b: '1' }, 'one');
      await apply({ c: '2' }, 'two');
      await expect(apply({ a: '2' }, 'two')).rejects.toMatchObject({ reason: 'Conflict', status: 409 });
      const forced = await apply({ a: '2' }, 'two', true);
      expect(forced.data).toEqual({ a: '2', b: '1' });
      const released = await apply({}, 'one');
      expect(released.data).toEqual({ a: '2' });
    });

    it('compares and swaps', async () => {
      const first = await put('a', { x: '1' });
      const second = await client.replace(CONFIG_MAPS, { ...first, data: { x: '2' } });
      await expect(client.replace(CONFIG_MAPS, { ...first, data: { x: '3' } })).rejects.toMatchObject({
        reason: 'Conflict',
      });
      const ref = { namespace, name: 'a' };
      const stale = { resourceVersion: String(first.metadata.resourceVersion) };
      await expect(client.delete(CONFIG_MAPS, ref, stale)).rejects.toMatchObject({ reason: 'Conflict' });
      await expect(client.delete(CONFIG_MAPS, ref, { uid: 'another' })).rejects.toMatchObject({ reason: 'Conflict' });
      expect(await client.delete(CONFIG_MAPS, ref, { uid: String(second.metadata.uid) })).toBe(true);
      expect(await client.delete(CONFIG_MAPS, ref)).toBe(false);
      expect(await client.get(CONFIG_MAPS, ref)).toBeUndefined();
    });

    it('patches, creates once, and names what it cannot find', async () => {
      await put('a', { x: '1', y: '1' });
      const ref = { namespace, name: 'a' };
      const test = { op: 'test', path: '/data/x', value: '1' };
      const remove = { op: 'remove', path: '/data/y' };
      const patched = await client.patch(CONFIG_MAPS, ref, [test, remove], { type: 'json' });
      expect(patched.data).toEqual({ x: '1' });
      await expect(client.patch(CONFIG_MAPS, ref, [remove], { type: 'json' })).rejects.toMatchObject({ status: 422 });
      const merged = await client.patch(CONFIG_MAPS, ref, { data: { x: null, z: '1' } }, { type: 'merge' });
      expect(merged.data).toEqual({ z: '1' });
      const again = client.create(CONFIG_MAPS, { metadata: ref }, { fieldManager: 'test' });
      await expect(again).rejects.toMatchObject({ reason: 'AlreadyExists' });
      const unknown: Resource<KubeObject> = { ...CONFIG_MAPS, group: 'example.com', plural: 'nothings' };
      await expect(client.get(unknown, ref)).rejects.toMatchObject({ reason: 'UnknownResource' });
      await expect(client.list(unknown, {})).rejects.toMatchObject({ reason: 'UnknownResource' });
    });

    it('says what it may not do, and nothing of what a Secret holds', async () => {
      const nobody = KubeClient.fromConfig(await api.kubeconfigFor('nobody'));
      cleanup.push(() => nobody.close(true));
      const ref = { namespace, name: 'a' };
      await expect(nobody.get(SECRETS, ref)).rejects.toThrow(`get secrets ${namespace}/a: 403 Forbidden`);
      const bad = { metadata: { ...ref, labels: { hunter2: 'not valid!' } }, data: { k: 'hunter2' } };
      const error = await client.apply(SECRETS, bad, { fieldManager: 'x', force: true }).catch(String);
      expect(error).toMatch(/^KubeError: apply secrets test-\d+\/a: (400 BadRequest|422 Invalid|500 \w+)/);
      expect(error).not.toContain('hunter2');
    });

    it('keeps its connections', async () => {
      const before = proxy.accepted;
      for (let i = 0; i < 300; i++) await remote.get(CONFIG_MAPS, { namespace, name: 'a' });
      expect(proxy.accepted - before).toBeLessThanOrEqual(2);
    });
  });

  describe('LeaderElector', () => {
    const times = { leaseDurationMs: 6000, renewDeadlineMs: 5000, retryPeriodMs: 250 };

    interface Candidate {
      readonly elector: LeaderElector;
      readonly started: Promise<AbortSignal>;
      readonly stopped: Promise<string>;
    }

    function join(identity: string, options: { clock?: ManualClock; client?: KubeClient } = {}): Candidate {
      const started = Promise.withResolvers<AbortSignal>();
      const stopped = Promise.withResolvers<string>();
      const clock = options.clock ? { clock: options.clock } : {};
      const elector = new LeaderElector(options.client ?? client, {
        namespace,
        name: 'lock',
        identity,
        ...times,
        ...clock,
      });
      void elector.run({ onStarted: started.resolve, onStopped: stopped.resolve });
      cleanup.push(() => elector.stop());
      return { elector, started: started.promise, stopped: stopped.promise };
    }

    it('hands over from one to the other when the first stops', async () => {
      const first = join('first');
      await first.started;
      const second = join('second');
      expect(second.elector.leading).toBe(false);
      await first.elector.stop();
      expect(await first.stopped).toBe('stopped');
      await second.started;
      const lease = await client.get(LEASES, { namespace, name: 'lock' });
      expect(lease?.spec).toMatchObject({ holderIdentity: 'second', leaseDurationSeconds: 6, leaseTransitions: 1 });
      expect(lease?.spec?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    });

    it('lets one of three lead when another is paused, which never writes again', async () => {
      const clock = new ManualClock();
      const paused = join('paused', { clock });
      await paused.started;
      const [second, third] = [join('second'), join('third')];
      const winner = await Promise.race([second.started.then(() => second), third.started.then(() => third)]);
      expect([second, third].filter(({ elector }) => elector.leading)).toEqual([winner]);
      // It wakes up, and all it knows is that time has passed.
      clock.jump(10_000);
      expect(() => paused.elector.assertLeading()).toThrow(NotLeadingError);
      await clock.advance(1);
      expect(await paused.stopped).toBe('lost');
      expect((await paused.started).aborted).toBe(true);
      const lease = await client.get(LEASES, { namespace, name: 'lock' });
      expect(lease?.spec?.holderIdentity).toBe(winner === second ? 'second' : 'third');
    });

    it('is lost by one who cannot reach the server, and taken by one who can', async () => {
      const first = join('first', { client: remote });
      await first.started;
      const second = join('second');
      proxy.freeze();
      expect(await first.stopped).toBe('lost');
      expect(second.elector.leading).toBe(false);
      await second.started;
    });
  });

  it('records events that kubectl shows, and counts what happens again', async () => {
    const clock = new ManualClock(new Date());
    const recorder = new EventRecorder(client, { component: 'bucketway.dev/operator', instance: 'pod', clock });
    cleanup.push(() => recorder.stop());
    const regarding = { apiVersion: 'v1', kind: 'ConfigMap', ...(await put('a')) };
    const event = { type: 'Warning', reason: 'Tested', action: 'Test', note: 'as it should be' } as const;
    recorder.record(regarding, event);
    await recorder.flush();
    recorder.record(regarding, event);
    recorder.record(regarding, event);
    await recorder.flush();
    const { items } = await client.list(EVENTS, { namespace });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ reason: 'Tested', note: 'as it should be', series: { count: 3 } });
    expect(await api.kubectl(['-n', namespace, 'get', 'events'])).toMatch(
      /Warning\s+Tested\s+configmap\/a\s+as it should be/,
    );
    recorder.record({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }, event);
    await recorder.flush();
    expect(recorder.dropped).toBe(0);
  });
});

function describeChange({ key, before, after }: StoreChange<ConfigMap>): string {
  const name = key.slice(key.indexOf('/') + 1);
  return `${name} ${before ? (after ? 'changed' : 'deleted') : 'added'}`;
}
