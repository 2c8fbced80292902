import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { entriesOf } from '../../src/documents/document-object.js';
import { DOCUMENT_SELECTOR } from '../../src/documents/document-names.js';
import { DocumentPublisher } from '../../src/documents/document-publisher.js';
import type { Drift } from '../../src/documents/drift.js';
import { parseMappingsDocument } from '@bucketway/contract';
import { SYSTEM_CLOCK } from '../../src/kube/clock.js';
import type { KubeClient } from '../../src/kube/kube-client.js';
import { Reflector } from '../../src/kube/reflector.js';
import { CONFIG_MAPS, NAMESPACES, SECRETS } from '../../src/kube/resource.js';
import { type KubeApiServer, NO_KUBE_API_SERVER, startKubeApiServer } from '../support/kube-api-server.js';
import { keyRing, mappedBucket, ringRef } from '../support/publisher-fixture.js';

const MAPPINGS = 'bw-mappings-0';
const CREDENTIALS = 'bw-credentials-0';

describe.skipIf(NO_KUBE_API_SERVER)('documents on a real API server (needs KUBEBUILDER_ASSETS)', () => {
  let api: KubeApiServer;
  let client: KubeClient;
  let namespace: string;
  let count = 0;

  beforeAll(async () => {
    api = await startKubeApiServer();
    client = api.client;
  });

  afterAll(() => api?.stop());

  beforeEach(async () => {
    namespace = `documents-${++count}`;
    await client.create(NAMESPACES, { metadata: { name: namespace } }, { fieldManager: 'test' });
  });

  class Operator {
    readonly drifts: Drift[] = [];
    readonly publisher: DocumentPublisher;
    private waiting: (() => void)[] = [];

    constructor(private readonly leading = (): boolean => true) {
      this.publisher = new DocumentPublisher({
        api: client,
        clock: SYSTEM_CLOCK,
        namespace,
        prefix: 'bw',
        shards: 1,
        removals: { holdMs: 0, minimumBuckets: 10, percent: 20 },
        assertLeading: () => {
          if (!this.leading()) throw new Error('another operator leads');
        },
        events: {
          drift: (drift) => {
            this.drifts.push(drift);
            for (const resolve of this.waiting.splice(0)) resolve();
          },
        },
      });
    }

    async start(): Promise<this> {
      const selection = { namespace, labelSelector: DOCUMENT_SELECTOR };
      const configMaps = new Reflector(client, CONFIG_MAPS, selection);
      const secrets = new Reflector(client, SECRETS, selection);
      for (const reflector of [configMaps, secrets]) reflector.start();
      onTestFinished(async () => {
        this.publisher.stop();
        await Promise.all([configMaps.stop(), secrets.stop()]);
      });
      await Promise.all([configMaps.synced, secrets.synced]);
      this.publisher.load({
        configMaps: configMaps.store.values(),
        secrets: secrets.store.values(),
        appSecrets: [],
      });
      configMaps.store.onChange(({ before, after }) =>
        this.publisher.observe('mappings', (after ?? before)?.metadata.name ?? '', after),
      );
      secrets.store.onChange(({ before, after }) =>
        this.publisher.observe('credentials', (after ?? before)?.metadata.name ?? '', after),
      );
      this.publisher.settle();
      return this;
    }

    /** Resolves when the next drift was undone. */
    async undone(meddle: () => Promise<unknown>): Promise<Drift> {
      const drifted = new Promise<void>((resolve) => this.waiting.push(resolve));
      await meddle();
      await drifted;
      await this.publisher.idle();
      return this.drifts.at(-1) as Drift;
    }
  }

  async function serving(): Promise<Operator> {
    const operator = await new Operator().start();
    await Promise.all([
      operator.publisher.setKeys(ringRef('photos-s3'), keyRing('BW1')),
      operator.publisher.setMapping(mappedBucket('photos', 'BW1')),
    ]);
    return operator;
  }

  async function mapped(): Promise<string[]> {
    const object = await client.get(CONFIG_MAPS, { namespace, name: MAPPINGS });
    const { buckets } = parseMappingsDocument(entriesOf('mappings', object!).get('mappings-0.json') ?? '');
    return buckets.map(({ name }) => name);
  }

  it('are stored, and taken over by the next operator without a write', async () => {
    await serving();
    const version = async (): Promise<(string | undefined)[]> => [
      (await client.get(CONFIG_MAPS, { namespace, name: MAPPINGS }))?.metadata.resourceVersion,
      (await client.get(SECRETS, { namespace, name: CREDENTIALS }))?.metadata.resourceVersion,
    ];
    const before = await version();
    const next = await new Operator().start();
    await next.publisher.setMapping(mappedBucket('photos', 'BW1'));
    await next.publisher.idle();
    expect(next.publisher.keys(ringRef('photos-s3'))).toEqual(keyRing('BW1'));
    expect(await version()).toEqual(before);
  });

  it('come back after a hand edit, which is told with its author', async () => {
    const operator = await serving();
    const drift = await operator.undone(() =>
      api.kubectl([
        '-n',
        namespace,
        'patch',
        'configmap',
        MAPPINGS,
        '--type=merge',
        '-p',
        '{"data":{"mappings-0.json":"{}"}}',
      ]),
    );
    expect(drift).toMatchObject({ kind: 'mappings', change: 'edited', manager: 'kubectl-patch' });
    expect(await mapped()).toEqual(['photos']);
  });

  it.each([
    ['configmap', MAPPINGS, 'mappings'],
    ['secret', CREDENTIALS, 'credentials'],
  ])('come back after the %s was deleted, with the same keys', async (resource, name, kind) => {
    const operator = await serving();
    const drift = await operator.undone(() => api.kubectl(['-n', namespace, 'delete', resource, name]));
    expect(drift).toMatchObject({ kind, change: 'deleted' });
    expect(await mapped()).toEqual(['photos']);
    const secret = await client.get(SECRETS, { namespace, name: CREDENTIALS });
    expect(entriesOf('credentials', secret!).get('credentials-0.json')).toContain('secret-of-BW1');
  });

  it('come back after somebody made them immutable', async () => {
    const operator = await serving();
    await operator.undone(() =>
      api.kubectl(['-n', namespace, 'patch', 'configmap', MAPPINGS, '--type=merge', '-p', '{"immutable":true}']),
    );
    await operator.publisher.setMapping(mappedBucket('other'));
    expect(await mapped()).toEqual(['other', 'photos']);
  });

  it('are never mixed up by an operator that leads no more', async () => {
    let leads = true;
    const old = new Operator(() => leads);
    await old.start();
    await old.publisher.setMapping(mappedBucket('old'));
    leads = false;
    const next = await new Operator().start();
    await next.publisher.setMapping(mappedBucket('next'));
    await expect(old.publisher.setMapping(mappedBucket('late'))).rejects.toThrow('another operator leads');
    expect(await mapped()).toEqual(['next', 'old']);
    expect(next.drifts).toEqual([]);
  });

  it('of a thousand buckets take few writes', async () => {
    const operator = await new Operator().start();
    const names = Array.from({ length: 1000 }, (_, index) => `bucket-${index}`);
    await Promise.all(
      names.map(async (name) => {
        const keys = operator.publisher.setKeys(ringRef(name), keyRing(`BW-${name}`));
        await Promise.all([keys, operator.publisher.setMapping(mappedBucket(name, `BW-${name}`))]);
      }),
    );
    expect(await mapped()).toHaveLength(1000);
    expect(operator.publisher.revisionOf('mappings', 0)).toBeLessThan(10);
  });
});
