import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, FakeKubeApi, type FakeWatch } from '../../test/support/kube-api-fake.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { ConfigMap } from './core-objects.js';
import { KubeClient } from './kube-client.js';
import { Reflector, type ReflectorOptions } from './reflector.js';
import { CONFIG_MAPS } from './resource.js';

describe('Reflector', () => {
  let api: FakeKubeApi;
  let client: KubeClient;
  let clock: ManualClock;
  let reflector: Reflector<ConfigMap>;
  let errors: unknown[];
  let missed: number[];
  let endings: string[];

  beforeEach(async () => {
    api = await FakeKubeApi.start();
    clock = new ManualClock();
    // Its own time is the machine's: only the reflector's is stepped.
    client = KubeClient.fromConfig(api.kubeconfigPath);
    errors = [];
    missed = [];
    endings = [];
  });

  afterEach(async () => {
    await reflector.stop();
    await client.close(true);
    await api.stop();
  });

  function make(options: Partial<ReflectorOptions<ConfigMap>> = {}): Reflector<ConfigMap> {
    reflector = new Reflector(client, CONFIG_MAPS, {
      clock,
      random: () => 0.5,
      onError: (error) => errors.push(error),
      metrics: { missed: (count) => missed.push(count), ended: (reason) => endings.push(reason) },
      ...options,
    });
    return reflector;
  }

  async function start(options: Partial<ReflectorOptions<ConfigMap>> = {}): Promise<FakeWatch> {
    make(options).start();
    await reflector.synced;
    return api.nextWatch();
  }

  const names = (): string[] => [...reflector.store.keys()].sort();

  async function until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => void setImmediate(resolve));
  }

  /** Lets the reflector wait out its failures until it watches again. */
  async function recover(): Promise<FakeWatch> {
    const watch = api.nextWatch();
    let found = false;
    void watch.then(() => (found = true));
    while (!found) await clock.advance(500);
    return watch;
  }

  it('lists in pages of 500, then watches from the version of the list', async () => {
    for (let i = 0; i < 1200; i++) api.put(`o${i}`);
    const watch = await start({ namespace: 'ns', labelSelector: 'a=b' });
    expect(reflector.store.size).toBe(1200);
    expect(api.requests.map(({ query }) => query.get('limit'))).toEqual(['500', '500', '500', null]);
    expect(Object.fromEntries(watch.request.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: api.version,
      timeoutSeconds: '440',
      labelSelector: 'a=b',
    });
    expect(watch.request.path).toBe('/api/v1/namespaces/ns/configmaps');
  });

  it('follows events, also such as come twice, and strips managedFields', async () => {
    const watch = await start();
    const changes: string[] = [];
    reflector.store.onChange(({ before, after }) => {
      changes.push(`${before?.metadata.resourceVersion ?? '-'} ${after?.metadata.resourceVersion ?? '-'}`);
    });
    const added = api.put('a');
    await watch.send('ADDED', added);
    await watch.send('ADDED', added);
    await watch.send('MODIFIED', api.put('a'));
    await watch.send('DELETED', api.remove('a'));
    await until(() => changes.length === 3);
    expect(changes).toEqual(['- 101', '101 102', '102 -']);
    await watch.send('ADDED', api.put('b'));
    await until(() => reflector.store.size === 1);
    expect(reflector.store.get('ns/b')?.metadata).not.toHaveProperty('managedFields');
    expect(errors).toEqual([]);
  });

  it('puts together characters that arrive in pieces', async () => {
    const watch = await start();
    const bytes = Buffer.from(`${JSON.stringify({ type: 'ADDED', object: api.put('a', { text: '日本😀' }) })}\n`);
    for (const byte of bytes) await watch.write(Buffer.from([byte]));
    await until(() => reflector.store.size === 1);
    expect(reflector.store.get('ns/a')?.data).toEqual({ text: '日本😀' });
  });

  it('goes on from the last bookmark when the server ends the watch', async () => {
    const first = await start();
    await first.bookmark('150');
    first.end();
    const second = await api.nextWatch();
    expect(second.resourceVersion).toBe('150');
    expect(api.lists).toBe(1);
    expect(endings).toEqual(['closed']);
    expect(errors).toEqual([]);
  });

  it('goes on from the last whole event when the connection breaks within one', async () => {
    const first = await start();
    const event = api.put('a');
    await first.send('ADDED', event);
    await first.write('{"type":"ADDED","obj');
    first.cut();
    const second = await recover();
    expect(second.resourceVersion).toBe(event.metadata.resourceVersion);
    expect(api.lists).toBe(1);
    expect(errors).toHaveLength(1);
  });

  it.each([
    ['in the answer', (a: FakeKubeApi) => a.answerNext('watch', { status: 410, body: failure(410, 'Expired') }), false],
    ['in the stream', () => {}, true],
  ])('lists again at once after 410 %s, and tells what was deleted meanwhile', async (_, script, inStream) => {
    api.put('a');
    api.put('b', {}, 'old');
    const first = await start();
    await first.bookmark('150');
    const changes: string[] = [];
    reflector.store.onChange(({ key, before, after }) => {
      changes.push(`${key} ${before?.metadata.uid ?? '-'} ${after?.metadata.uid ?? '-'}`);
    });
    api.remove('a');
    api.put('b', {}, 'new');
    script(api);
    if (inStream) await first.send('ERROR', failure(410, 'Gone'));
    else first.end();
    const second = await api.nextWatch();
    expect(second.resourceVersion).toBe(api.version);
    expect(changes.sort()).toEqual(['ns/a uid-a -', 'ns/b - new', 'ns/b old -']);
    expect(clock.now()).toBe(0);
  });

  it('waits each time when even the version of a fresh list is refused', async () => {
    api.answerNext('watch', { status: 410 }, { status: 410 }, { status: 410 });
    make().start();
    await until(() => errors.length === 1);
    await clock.advance(799);
    expect(api.lists).toBe(1);
    await recover();
    expect(errors).toHaveLength(3);
    expect(api.lists).toBe(4);
  });

  it.each([
    ['garbage', (w: FakeWatch) => w.write('<html>bad gateway</html>\n'), 2],
    ['an event without a version', (w: FakeWatch) => w.send('ADDED', { metadata: { name: 'x' } }), 2],
    ['an error of the server', (w: FakeWatch) => w.send('ERROR', failure(500, 'InternalError')), 2],
  ])('lists again, after a pause, for %s', async (_, misbehave, lists) => {
    const first = await start();
    api.put('a');
    await misbehave(first);
    await recover();
    expect(names()).toEqual(['ns/a']);
    expect(api.lists).toBe(lists);
    expect(clock.now()).toBeGreaterThanOrEqual(800);
  });

  it.each([401, 403, 429])('goes on where it was after %i', async (status) => {
    const first = await start();
    await first.bookmark('150');
    // A refused token is tried twice.
    api.answerNext('watch', ...Array.from({ length: status === 401 ? 2 : 1 }, () => ({ status })));
    first.end();
    const second = await recover();
    expect(second.resourceVersion).toBe('150');
    expect(api.lists).toBe(1);
    expect(errors).toHaveLength(1);
  });

  it('waits as long as the server asks', async () => {
    const first = await start();
    await first.bookmark('150');
    api.answerNext('watch', { status: 429, headers: { 'retry-after': '20' } });
    first.end();
    await recover();
    expect(clock.now()).toBeGreaterThanOrEqual(20_000);
  });

  it('lists when a server comes back that could not be reached', async () => {
    const first = await start();
    await first.bookmark('150');
    api.answerNext('any', 'reset');
    first.end();
    await recover();
    expect(api.lists).toBe(2);
  });

  it('believes nothing of a server that was away: its data may be older, and yet have been counted up meanwhile', async () => {
    api.put('a', { value: 'forgotten' });
    const first = await start();
    api.answerNext('any', 'reset');
    first.cut();
    await until(() => errors.length > 0);
    api.put('a', { value: 'restored' });
    await recover();
    expect(reflector.store.get('ns/a')?.data).toEqual({ value: 'restored' });
  });

  it('goes on at once where a watch is cut that was well, and so sees whether the server is there', async () => {
    const first = await start();
    await clock.advance(60_000);
    await first.bookmark('150');
    first.cut();
    const second = await api.nextWatch();
    expect(second.resourceVersion).toBe('150');
    expect(clock.now()).toBe(60_000);
  });

  it('lists where a server that was refusing is asked again too late to tell whether it is the same', async () => {
    const first = await start();
    await first.bookmark('150');
    api.answerNext('watch', { status: 429, headers: { 'retry-after': '3' } });
    first.end();
    const second = await recover();
    expect(second.resourceVersion).toBe(api.version);
    expect(api.lists).toBe(2);
  });

  it('waits longer after each failure, up to 5 s, and starts anew after two good minutes', async () => {
    const delays: number[] = [];
    let last = 0;
    make({
      onError: () => {
        delays.push(clock.now() - last);
        last = clock.now();
      },
    });
    api.answerNext('list', ...Array.from({ length: 8 }, () => ({ status: 500 })));
    reflector.start();
    const first = await recover();
    expect(delays.slice(1).every((delay, i) => delay >= (delays[i] ?? 0))).toBe(true);
    expect(delays.at(-1)).toBeLessThanOrEqual(5000);
    expect(delays.at(-1)).toBeGreaterThan(2000);
    for (let i = 0; i < 3; i++) {
      await clock.advance(60_000);
      await first.bookmark(`20${i}`);
      const seen = clock.now();
      await until(() => reflector.lastContactMs === seen);
    }
    last = clock.now();
    first.cut();
    await until(() => delays.length === 9);
    await recover();
    expect(clock.now() - last).toBeLessThanOrEqual(2000);
  });

  it('does not ask without a pause a server that ends every watch at once', async () => {
    const first = await start();
    first.end();
    await recover();
    expect(clock.now()).toBeGreaterThanOrEqual(800);
    expect(errors).toHaveLength(1);
  });

  it('leaves a watch that says nothing, and lists: nobody knows what was in that time', async () => {
    const first = await start();
    await clock.advance(100_000);
    await first.bookmark('150');
    await until(() => reflector.lastContactMs === 100_000);
    await clock.advance(149_000);
    expect(endings).toEqual([]);
    await clock.advance(2000);
    await first.closed();
    const second = await api.nextWatch();
    expect(second.resourceVersion).toBe(api.version);
    expect(api.lists).toBe(2);
    expect(endings).toEqual(['silent']);
    expect(errors).toEqual([]);
  });

  it('cannot be broken by those who use it', async () => {
    api.put('a');
    const boom = (): never => {
      throw new Error('boom');
    };
    const onError = (error: unknown): never => {
      errors.push(error);
      return boom();
    };
    make({ transform: boom, onError });
    reflector.store.onChange(boom);
    reflector.start();
    const watch = await api.nextWatch();
    await watch.send('ADDED', api.put('b'));
    await until(() => reflector.store.size === 2);
    expect(errors).toHaveLength(4);
  });

  it('keeps what it knows while the server is away', async () => {
    api.put('a');
    const watch = await start();
    api.answerNext('any', ...Array.from({ length: 50 }, () => 'reset' as const));
    watch.cut();
    await until(() => errors.length > 0);
    while (errors.length < 6) await clock.advance(1000);
    expect(names()).toEqual(['ns/a']);
  });

  it('lists and watches each of several namespaces', async () => {
    make({ namespaces: ['ns', 'other', 'ns'] }).start();
    const paths = [await api.nextWatch(), await api.nextWatch()].map(({ request }) => request.path).sort();
    expect(paths).toEqual(['/api/v1/namespaces/ns/configmaps', '/api/v1/namespaces/other/configmaps']);
    await reflector.synced;
  });

  it('starts again with one page when pages expire while they are read', async () => {
    for (let i = 0; i < 501; i++) api.put(`o${i}`);
    const original = api.requests.length;
    api.answerNext('list', { status: 200, body: pageWithContinue() }, { status: 410, body: failure(410, 'Expired') });
    await start();
    expect(reflector.store.size).toBe(501);
    expect(api.requests.slice(original).map(({ query }) => query.get('limit'))).toEqual(['500', '500', null, null]);
  });

  describe('audit', () => {
    const half = 1_800_000;

    /** Half an hour in which only bookmarks come. */
    async function quietHalfHour(watch: FakeWatch): Promise<void> {
      for (let passed = 0; passed < half; passed += 60_000) {
        await clock.advance(60_000);
        await watch.bookmark(`b${passed}`);
        const seen = clock.now();
        await until(() => reflector.lastContactMs >= seen);
      }
    }

    it('counts what no watch told, and puts it right', async () => {
      api.put('a');
      const first = await start();
      api.remove('a');
      api.put('b');
      await quietHalfHour(first);
      await until(() => api.lists === 2);
      await recover();
      expect(missed).toEqual([2]);
      expect(names()).toEqual(['ns/b']);
      expect(endings).toEqual(['audit']);
    });

    it('does not count what the watch tells of meanwhile', async () => {
      api.put('a');
      const first = await start();
      const late = api.put('b');
      await quietHalfHour(first);
      await until(() => api.lists === 2);
      await first.send('ADDED', late);
      await until(() => reflector.store.size === 2);
      await clock.advance(20_000);
      expect(missed).toEqual([]);
      expect(endings).toEqual([]);
    });
  });

  function pageWithContinue(): object {
    const items = [...api.objects.values()].slice(0, 500);
    return { items, metadata: { resourceVersion: api.version, continue: '500' } };
  }
});
