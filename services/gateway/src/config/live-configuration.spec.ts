import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seal } from '@bucketway/contract';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeletVolume } from '../../test/process/kubelet-volume.js';
import { ApplicationLog } from '../observability/application-log.js';
import { ConfigurationMetrics } from '../observability/configuration-metrics.js';
import { LiveConfiguration } from './live-configuration.js';
import type { ConfigurationChange } from './live-configuration.js';
import { loadConfiguration } from './load-configuration.js';

const SECRET = 'not-for-anyone';

describe('LiveConfiguration', () => {
  let folder: string;
  let file: string;
  let volume: KubeletVolume;
  let lines: string[];
  let registry: Registry;
  let live: LiveConfiguration | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-live-'));
    file = join(folder, 'bucketway.yaml');
    volume = new KubeletVolume(join(folder, 'documents'));
    lines = [];
    registry = new Registry();
    writeFileSync(file, configuration('one'));
  });
  afterEach(() => {
    live?.close();
    rmSync(folder, { recursive: true });
  });

  function configuration(bucket: string, more = ''): string {
    return `storages: [{mount: /, local: {root: ./data}}]
identities: [{name: main, accessKeyId: AKMAIN, secretAccessKey: ${SECRET}}]
buckets: [{name: ${bucket}, path: /, grants: [{identity: main, mode: admin}]}]
documents: [documents]
${more}`;
  }

  function start(): LiveConfiguration {
    const log = new ApplicationLog((line) => lines.push(line), false);
    const source = { file, load: () => loadConfiguration(file) };
    live = new LiveConfiguration(source, log, new ConfigurationMetrics(registry));
    live.watch();
    return live;
  }

  function nextChange(of: LiveConfiguration): Promise<ConfigurationChange> {
    return new Promise((resolve) => {
      of.onChange(resolve);
    });
  }

  async function metric(name: string): Promise<number | undefined> {
    return (await registry.getSingleMetric(name)?.get())?.values[0]?.value;
  }

  function pair(revision: number, bucket: string, key: string): Record<string, unknown> {
    return {
      'mappings-0.json': mappings(revision, bucket, key),
      'credentials-0.json': seal({ keys: { [key]: { secretAccessKey: `${SECRET}-${key}` } } }, revision),
    };
  }

  function mappings(revision: number, bucket: string, key: string): object {
    const grants = [{ accessKeyId: key, mode: 'read-write', prefix: '' }];
    return seal({ buckets: [{ name: bucket, path: `/${bucket}`, grants }] }, revision);
  }

  it('throws at the start where there is nothing to fall back to', () => {
    writeFileSync(file, 'storages: 7');
    expect(start).toThrow(/storages: must be a list of storages/);
  });

  it('applies a change of the file', async () => {
    const configurationInForce = start();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['one']);
    const change = nextChange(configurationInForce);
    writeFileSync(`${file}.new`, configuration('two'));
    renameSync(`${file}.new`, file);
    const { snapshot } = await change;
    expect([...snapshot.buckets.keys()]).toEqual(['two']);
    expect(snapshot.generation).toBe(2);
    expect(await metric('bucketway_config_generation')).toBe(2);
    expect(await metric('bucketway_config_last_reload_successful')).toBe(1);
  });

  it('refuses a bad file whole, says why, and recovers', async () => {
    const configurationInForce = start();
    writeFileSync(file, configuration('three', 'regoin: x'));
    configurationInForce.reload();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['one']);
    expect(configurationInForce.status().lastReload).toMatchObject({
      result: 'refused',
      reasons: [expect.stringMatching(/bucketway\.yaml:5:1: regoin: is not a known field; did you mean "region"\?/)],
    });
    expect(await metric('bucketway_config_last_reload_successful')).toBe(0);
    expect(lines.join('')).toContain('regoin');
    writeFileSync(file, configuration('three'));
    configurationInForce.reload();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['three']);
    expect(configurationInForce.status().lastReload.result).toBe('applied');
  });

  it('recovers where the good file comes back unchanged', () => {
    const configurationInForce = start();
    writeFileSync(file, 'x');
    configurationInForce.reload();
    writeFileSync(file, configuration('one'));
    configurationInForce.reload();
    expect(configurationInForce.status()).toMatchObject({
      generation: 1,
      lastReload: { result: 'unchanged', reasons: [] },
    });
  });

  it('names what takes a restart, and applies the rest', () => {
    const configurationInForce = start();
    writeFileSync(file, configuration('two', 'listen: 127.0.0.1:1\nworkers: 7'));
    configurationInForce.reload();
    expect(configurationInForce.status().needsRestart).toEqual([
      'the change of listen takes a restart',
      'the change of workers takes a restart',
    ]);
    expect(configurationInForce.settings.listen.port).toBe(9000);
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['two']);
    expect(lines.join('')).toContain('the change of listen takes a restart');
    expect(lines.join('')).toContain('the change of workers takes a restart');
  });

  it('says what takes a restart where nothing else has changed, once, and when it is taken back', () => {
    const configurationInForce = start();
    writeFileSync(file, configuration('one', 'listen: 127.0.0.1:1'));
    lines.length = 0;
    configurationInForce.reload();
    const { lastReload, generation } = configurationInForce.status();
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual([
      'configuration: the change of listen takes a restart',
      'configuration unchanged',
    ]);
    expect([lastReload.result, generation]).toEqual(['unchanged', 1]);
    configurationInForce.reload();
    expect(lines).toHaveLength(2);
    expect(configurationInForce.status().lastReload).toBe(lastReload);
    writeFileSync(file, configuration('one'));
    configurationInForce.reload();
    expect(lines).toHaveLength(3);
    expect(configurationInForce.status().needsRestart).toEqual([]);
  });

  it("follows a kubelet's swap of ..data", async () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['one', 'aaa']);
    const change = nextChange(configurationInForce);
    volume.publish(pair(2, 'bbb', 'AKEY2'));
    const { snapshot } = await change;
    expect([...snapshot.buckets.keys()]).toEqual(['one', 'bbb']);
    expect([...snapshot.identities.keys()].toSorted()).toEqual(['AKEY2', 'AKMAIN']);
    expect(snapshot.identities.get('AKEY2')?.secretAccessKey).toBe(`${SECRET}-AKEY2`);
    expect(structuredClone(snapshot)).toEqual(snapshot);
    expect(configurationInForce.status().documents).toMatchObject([
      { file: 'credentials-0.json', kind: 'credentials', shard: '0', revision: 2 },
      { file: 'mappings-0.json', kind: 'mappings', shard: '0', revision: 2 },
    ]);
  });

  it('never serves a half-updated pair', () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    volume.publish({ ...pair(1, 'aaa', 'AKEY1'), 'mappings-0.json': mappings(2, 'aaa', 'AKEY2') });
    configurationInForce.reload();
    expect(configurationInForce.inForce.snapshot.identities.has('AKEY1')).toBe(true);
    expect(configurationInForce.status().lastReload.reasons).toEqual([
      expect.stringMatching(/mappings-0\.json: names the key AKEY2/),
    ]);
    volume.publish(pair(2, 'aaa', 'AKEY2'));
    configurationInForce.reload();
    expect(configurationInForce.inForce.snapshot.identities.has('AKEY1')).toBe(false);
    expect(configurationInForce.inForce.snapshot.identities.has('AKEY2')).toBe(true);
  });

  it.each([
    [
      'a hand edit',
      { 'mappings-0.json': { ...(seal({ buckets: [] }, 2) as object), buckets: [{}] } },
      /hash: does not match/,
    ],
    ['a truncated file', { 'mappings-0.json': '{"version": 1, "rev' }, /is not JSON/],
    ['a regressing revision', { 'mappings-0.json': seal({ buckets: [] }, 0) }, /goes back from revision 1 to 0/],
  ])('refuses %s', (_, change, reason) => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    volume.publish({ ...pair(1, 'aaa', 'AKEY1'), ...change });
    configurationInForce.reload();
    expect(configurationInForce.inForce.snapshot.buckets.has('aaa')).toBe(true);
    expect(configurationInForce.status().documents[1]).toMatchObject({
      revision: 1,
      refused: expect.stringMatching(reason),
    });
    expect(configurationInForce.complete).toBe(true);
  });

  it('is not complete while a document was never applied', () => {
    volume.publish({ 'mappings-0.json': mappings(1, 'aaa', 'AKEY1') });
    const configurationInForce = start();
    expect(configurationInForce.complete).toBe(false);
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    configurationInForce.reload();
    expect(configurationInForce.complete).toBe(true);
  });

  it('keeps a bucket with the document that has it', () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    writeFileSync(file, configuration('aaa'));
    configurationInForce.reload();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['one', 'aaa']);
    expect(configurationInForce.status().lastReload.reasons[0]).toMatch(
      /buckets: maps the bucket aaa, which mappings-0\.json maps/,
    );
    volume.publish({ 'mappings-0.json': seal({ buckets: [] }, 2), 'credentials-0.json': seal({ keys: {} }, 2) });
    configurationInForce.reload();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['aaa']);
    expect(configurationInForce.status().lastReload.result).toBe('applied');
  });

  it('leaves out what the configuration has, and says so once in the log, in its status and as a metric', async () => {
    volume.publish(pair(1, 'one', 'AKEY1'));
    const configurationInForce = start();
    volume.publish(pair(2, 'one', 'AKEY1'));
    configurationInForce.reload();
    expect(configurationInForce.complete).toBe(true);
    expect(configurationInForce.inForce.snapshot.buckets.get('one')?.grants).not.toMatchObject([
      { accessKeyId: 'AKEY1' },
    ]);
    expect(configurationInForce.status()).toMatchObject({
      lastReload: { result: 'applied' },
      documents: [{}, { revision: 2, leftOut: [{ bucket: 'one' }] }],
    });
    expect(lines.filter((line) => line.includes('left out: the bucket one'))).toHaveLength(1);
    expect(await registry.metrics()).toContain('bucketway_config_left_out{document="mappings-0.json"} 1');
    expect(configurationInForce.grantedKeys()).toMatchObject([{ accessKeyIds: ['AKEY1'] }]);
  });

  it('keeps what it has while files are away', () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    unlinkSync(file);
    rmSync(join(folder, 'documents'), { recursive: true });
    configurationInForce.reload();
    expect([...configurationInForce.inForce.snapshot.buckets.keys()]).toEqual(['one', 'aaa']);
    expect(configurationInForce.status().lastReload.result).toBe('refused');
  });

  it('stays complete when a folder of documents goes away, and says that it did', () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    rmSync(join(folder, 'documents'), { recursive: true });
    configurationInForce.reload();
    expect(configurationInForce.complete).toBe(true);
    expect(configurationInForce.status().lastReload.reasons.join()).toMatch(/documents: ENOENT/);
    expect(lines.join('')).toMatch(/documents: ENOENT/);
  });

  it('stays complete when a document comes that cannot be applied', () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    volume.publish({ ...pair(1, 'aaa', 'AKEY1'), 'mappings-1.json': mappings(1, 'bbb', 'AKEY2') });
    configurationInForce.reload();
    expect(configurationInForce.complete).toBe(true);
    expect(configurationInForce.status().documents).toMatchObject([
      {},
      {},
      { file: 'mappings-1.json', refused: expect.stringMatching(/names the key AKEY2/) },
    ]);
  });

  it('is not complete while a folder of documents never could be read', () => {
    rmSync(join(folder, 'documents'), { recursive: true, force: true });
    const configurationInForce = start();
    expect(configurationInForce.complete).toBe(false);
    volume = new KubeletVolume(join(folder, 'documents'));
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    configurationInForce.reload();
    expect(configurationInForce.complete).toBe(true);
  });

  it('tells which keys are let in, as what is in force says and not what was refused', () => {
    volume.publish(pair(7, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    const before = configurationInForce.grantedKeys();
    expect(before).toMatchObject([{ shard: '0', revision: 7, accessKeyIds: ['AKEY1'] }]);
    volume.publish(pair(6, 'aaa', 'AKEY2'));
    configurationInForce.reload();
    expect(configurationInForce.grantedKeys()).toEqual(before);
    volume.publish(pair(8, 'aaa', 'AKEY2'));
    configurationInForce.reload();
    expect(configurationInForce.grantedKeys()).toMatchObject([{ revision: 8, accessKeyIds: ['AKEY2'] }]);
    expect(JSON.stringify(configurationInForce.grantedKeys())).not.toContain(SECRET);
  });

  it('says no secret in its status, log or metrics', async () => {
    volume.publish(pair(1, 'aaa', 'AKEY1'));
    const configurationInForce = start();
    writeFileSync(file, configuration('one', 'x: y'));
    configurationInForce.reload();
    const said = JSON.stringify(configurationInForce.status()) + lines.join('') + (await registry.metrics());
    expect(said).not.toContain(SECRET);
  });
});
