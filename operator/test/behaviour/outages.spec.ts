import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { REVOKE_ANNOTATION } from '@bucketway/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { S3_BUCKETS } from '../../src/cluster/s3-bucket-resource.js';
import { EVENTS, LEASES } from '../../src/kube/resource.js';
import type { AppKeys } from '../support/app-keys.js';
import { eventually } from '../support/eventually.js';
import type { GatewayReplica } from '../support/gateway-replica.js';
import { Installation, NAMESPACE } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { TappedRequest } from '../support/kube-api-tap.js';
import { S3Traffic } from '../support/s3-traffic.js';
import type { Tenant } from '../support/tenant.js';

vi.setConfig({ testTimeout: 300_000 });

/** What a key is told that works no more. */
const REFUSED = /^(InvalidAccessKeyId|AccessDenied)$/;

/** Whether the API server refuses by now. */
const REFUSED_NOW = [() => false, () => true] as const;

const POLICY = { apiVersion: 'admissionregistration.k8s.io/v1', metadata: { name: 'no-mappings' } };
/** An admission policy that keeps documents of mappings as they are. */
const NO_MAPPINGS = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      ...POLICY,
      kind: 'ValidatingAdmissionPolicy',
      spec: {
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] },
          ],
        },
        matchConditions: [{ name: 'mappings', expression: "object.metadata.name.startsWith('bw-mappings-')" }],
        validations: [{ expression: 'false', message: 'No mappings today', reason: 'Forbidden' }],
      },
    },
    {
      ...POLICY,
      kind: 'ValidatingAdmissionPolicyBinding',
      spec: { policyName: 'no-mappings', validationActions: ['Deny'] },
    },
  ],
};

describe.skipIf(NO_KUBE_API_SERVER)('while something is away (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let team: Tenant;
  let steady: AppKeys;
  let traffic: S3Traffic;
  let count = 0;

  beforeAll(async () => {
    installation = await Installation.start({ gateways: 2, operator: { massDeletion: { holdSeconds: 30 } } });
    team = await installation.tenant('team');
    for (const name of ['steady', 'one', 'two', 'three']) await team.ready(name, {});
    steady = await team.keys('steady-s3');
  });

  afterAll(async () => {
    await installation?.stop();
  });

  // Whatever is away, an app that has its bucket sees nothing of it.
  beforeEach(() => {
    traffic = new S3Traffic(installation.gateways.slice(0, 2), 'steady', () => steady.pair);
  });

  afterEach(async () => {
    expect(await traffic.stop()).toEqual([]);
    expect(traffic.requests).toBeGreaterThan(0);
  });

  /** Another S3Bucket becomes Ready, and works on every gateway. */
  const anotherIsReady = async (): Promise<void> => {
    const name = `another-${++count}`;
    await team.ready(name, {});
    await (await team.keys(`${name}-s3`)).use(name);
  };

  describe('the API server', () => {
    it('that is killed: what was asked for is done once it is back', async () => {
      await team.ready('changing', {});
      const keys = await team.keys('changing-s3');
      await installation.api.kill();
      await keys.use('changing');
      await installation.api.start();
      await team.apply('changing', { accessMode: 'ReadOnly' });

      await team.ready('changing');
      expect(await keys.tryWriting('changing')).toEqual(['AccessDenied', 'AccessDenied']);
      await installation.operator.leads();
    });

    it('that cuts every watch', async () => {
      for (let cuts = 0; cuts < 3; cuts++) {
        installation.operator.tap.cutWatches();
        await anotherIsReady();
      }
      expect(await installation.operator.metric('bucketway_operator_missed_events_total')).toBe(0);
    });

    it('that has forgotten what changed while watches heard nothing (410): everything is listed again', async () => {
      const { api, operator } = installation;
      operator.tap.muteWatches();
      await team.apply('meanwhile', {});
      for (let change = 0; change < 20; change++) await team.patch('one', { metadata: { labels: { x: `${change}` } } });
      // Both forget: etcd, and the API server, which keeps what changed since its start.
      await api.etcd.compact();
      await api.restart();
      const restarted = operator.tap.requests.length;
      const since = (count: number): readonly TappedRequest[] => operator.tap.requests.slice(count);
      await eventually('the operator is known to the new one', () =>
        since(restarted).some(
          ({ resource, verb, status }) => resource === 'leases' && verb === 'update' && status === 200,
        ),
      );
      // Until then a watch is told to come again later, and for so long that a list comes first.
      await eventually('the new one takes watches of S3Buckets', async () => {
        const { resourceVersion } = await api.client.list(S3_BUCKETS, { limit: 1 });
        const signal = AbortSignal.timeout(10_000);
        const watch = api.client.watch(S3_BUCKETS, { resourceVersion, timeoutSeconds: 1, signal });
        for await (const _ of watch) break;
        return true;
      });
      const cut = operator.tap.requests.length;
      operator.tap.cutWatches();

      await team.ready('meanwhile');
      await (await team.keys('meanwhile-s3')).use('meanwhile');
      const asked = since(cut).filter(({ resource }) => resource === 's3buckets');
      expect(asked).toContainEqual(expect.objectContaining({ verb: 'watch', status: 410 }));
      const whole = asked.filter(({ verb, query }) => verb === 'list' && query.get('limit') !== '1');
      expect(whole).toHaveLength(1);
    });

    it('whose data is restored from an older backup: nothing stops, and changes are carried out again', async () => {
      await team.ready('rotating', { credentials: { rotation: { overlap: '0s' } } });
      const old = await team.keys('rotating-s3');
      const { etcd } = installation.api;
      const backup = await etcd.snapshot();
      await installation.operator.leads();
      const spec = { credentials: { rotation: { overlap: '0s' }, rotationRequest: 'after the backup' } };
      await team.apply('rotating', spec);
      await team.until('rotating', 'has a new key', ({ status: { credentials } = {} }) => {
        return credentials?.observedRotationRequest !== undefined && credentials.rotationPhase === 'Idle';
      });
      for (const name of ['younger', 'unclaimed']) await team.ready(name, {});
      for (const name of ['sharing', 'shared']) await team.ready(name, { credentials: { secretName: 'in-common' } });
      const common = await team.keys('in-common');
      const unclaimed = await team.keys('unclaimed-s3');
      const younger = await team.keys('younger-s3');
      const fresh = await team.keys('rotating-s3');
      const refusesOld = async (): Promise<boolean> =>
        (await old.tryWriting('rotating')).every((answer) => REFUSED.test(answer));
      await eventually('the old key is refused', refusesOld);

      await etcd.restore(backup);
      expect(await refusesOld()).toBe(true);
      await younger.use('younger');
      await fresh.use('rotating');
      await common.use('sharing');

      // Its owner applies it again, as the tools that own it do.
      await team.apply('younger', {});
      await team.ready('younger');
      await younger.use('younger');
      expect((await team.keys('younger-s3')).pair).toEqual(younger.pair);
      await anotherIsReady();
      await team.ready('steady');
      await eventually('what nobody applies again ends', async () =>
        (await unclaimed.tryWriting('unclaimed')).every((answer) => REFUSED.test(answer)),
      );
    });

    it.each<readonly [string, string, boolean]>([
      ['an operator that lives through it', 'leaking', true],
      ['an operator that starts after it', 'leaked', false],
    ])('whose data is restored: a key that was revoked since stays refused, with %s', async (_title, name, lives) => {
      const { etcd } = installation.api;
      await team.ready(name, { credentials: { rotation: { overlap: '1h' } } });
      const leaked = await team.keys(`${name}-s3`);
      const backup = await etcd.snapshot();
      await installation.operator.leads();
      await team.patch(name, { metadata: { annotations: { [REVOKE_ANNOTATION]: leaked.id } } });
      const refusesLeaked = async (): Promise<boolean> =>
        (await leaked.tryWriting(name)).every((answer) => REFUSED.test(answer));
      await eventually('the revoked key is refused', refusesLeaked);
      await eventually('the Secret has another key', async () => (await team.keys(`${name}-s3`)).id !== leaked.id);
      await team.ready(name);
      const between = await team.keys(`${name}-s3`);
      let accepted = 0;
      const tryLeaked = async (): Promise<void> => {
        if ((await leaked.tryWriting(name)).includes('ok')) accepted++;
      };
      const watching = setInterval(() => void tryLeaked(), 100);

      if (!lives) await installation.operator.kill();
      await etcd.restore(backup);
      expect((await team.bucket(name))?.metadata.annotations?.[REVOKE_ANNOTATION]).toBeUndefined();
      if (!lives) await installation.operator.start();
      // The backup's Secret has the revoked key, and so would the backup's mappings.
      await eventually('the Secret has a key that works', async () => {
        const keys = await team.keys(`${name}-s3`);
        return keys.id !== leaked.id && (await keys.tryWriting(name)).every((answer) => answer === 'ok');
      });
      await team.ready(name);
      await anotherIsReady();
      clearInterval(watching);
      expect(await refusesLeaked()).toBe(true);
      expect(accepted).toBe(0);
      await steady.use('steady');
      if (lives) return;
      // No key id comes twice, though the ring counts from where it was.
      expect((await team.keys(`${name}-s3`)).id).not.toBe(between.id);
      expect(await installation.operator.metric('bucketway_operator_restores_detected_total')).toBeGreaterThan(0);
      await eventually('an event tells', async () => {
        const { items } = await installation.api.client.list(EVENTS, { namespace: NAMESPACE });
        return items.some(({ reason }) => reason === 'RestoreDetected');
      });
    });

    it('that refuses the Secret of an app (a quota): the S3Bucket says so, until it does not', async () => {
      const { kubectl } = installation.api;
      const full = await installation.tenant('full');
      // Nobody counts here, as the controller of quotas does.
      const allow = async (secrets: number): Promise<void> => {
        const hard = { secrets: `${secrets}` };
        const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: 'full', name: 'secrets' } };
        await kubectl(['apply', '-f', '-'], JSON.stringify({ ...quota, spec: { hard } }));
        const patch = JSON.stringify({ status: { hard, used: { secrets: '0' } } });
        await kubectl(['patch', 'quota/secrets', '-n', 'full', '--subresource=status', '--type=merge', '-p', patch]);
      };
      const create = ['create', 'secret', 'generic', 'any', '-n', 'full', '--dry-run=server'];
      await allow(0);
      await eventually('the quota holds', () => kubectl(create).then(...REFUSED_NOW));
      await full.apply('thwarted', {});
      const wanted = { status: 'False', reason: 'SecretWriteFailed' } as const;
      await full.condition('thwarted', 'CredentialsReady', wanted, ['403']);
      expect(await full.secret('thwarted-s3')).toBeUndefined();

      await allow(10);
      await full.ready('thwarted');
      await (await full.keys('thwarted-s3')).use('thwarted');
    });

    it('that refuses the documents of gateways (a policy): S3Buckets say so, until it does not', async () => {
      const { kubectl } = installation.api;
      await kubectl(['apply', '-f', '-'], JSON.stringify(NO_MAPPINGS));
      const write = ['annotate', 'configmap', '-n', NAMESPACE, '-l', 'bucketway.dev/document=mappings', 'a=b'];
      await eventually('the policy holds', () => kubectl([...write, '--dry-run=server']).then(...REFUSED_NOW));
      await team.apply('unpublished', {});
      const wanted = { status: 'False', reason: 'PublishFailed' } as const;
      await team.condition('unpublished', 'Programmed', wanted, ['No mappings today']);
      await team.condition('steady', 'Ready', { status: 'True' });

      await kubectl(['delete', '-f', '-'], JSON.stringify(NO_MAPPINGS));
      await team.ready('unpublished');
      await (await team.keys('unpublished-s3')).use('unpublished');
    });

    it('that is away for long: gateways that restart serve on, and what was asked for is done soon after', async () => {
      await installation.api.kill();
      const [gateway] = installation.gateways;
      await traffic.stop();
      await gateway?.kill();
      await gateway?.run();
      await steady.use('steady');
      traffic = new S3Traffic(installation.gateways.slice(0, 2), 'steady', () => steady.pair);
      // Every watch, and the lease, have been tried again and again by then.
      const failures = (): Promise<number> => installation.operator.metric('bucketway_operator_watch_failures_total');
      const exits = installation.operator.exits.length;
      await eventually('the operator gave up leading', () => installation.operator.exits.length > exits);
      await eventually('its successor has tried often', async () => (await failures()) >= 35);
      expect(await installation.operator.health('/healthz')).toBe('200 ok');
      expect(await installation.operator.health('/readyz')).toBe('503 the cluster was not read yet');

      await installation.api.start();
      await team.apply('asked-while-away', {});
      await team.ready('asked-while-away');
      await (await team.keys('asked-while-away-s3')).use('asked-while-away');
      await steady.use('steady');
    });
  });

  describe('an operator', () => {
    const leader = async (): Promise<string | undefined> =>
      (await installation.api.client.get(LEASES, { namespace: NAMESPACE, name: 'bucketway-operator' }))?.spec
        ?.holderIdentity;

    it('of two that run: the other takes over at once when it is told to end', async () => {
      const [first] = installation.operators;
      const second = await installation.addOperator();
      second.launch();
      await eventually('the other one waits', () => second.log.includes('health and metrics'));
      expect(await leader()).toMatch(/^operator-1_/);
      expect(second.isLeading).toBe(false);
      await anotherIsReady();

      expect(await first?.stop()).toBe(0);
      await second.leads();
      await anotherIsReady();
      first?.launch();
    });

    it('of two that run: the other takes over when its lease has run out after kill -9', async () => {
      const [first, second] = installation.operators;
      await second?.kill();
      await team.apply('orphan', {});
      await eventually('the other leads', () => first?.isLeading === true);
      await team.ready('orphan');
      await (await team.keys('orphan-s3')).use('orphan');
    });

    it('that was paused for longer than its lease ends itself, and writes nothing old', async () => {
      const [first, second] = installation.operators;
      second?.launch();
      await eventually('the other one waits', () => second?.log.includes('health and metrics') === true);
      first?.pause();
      await eventually('the other leads', () => second?.isLeading === true);
      await anotherIsReady();
      first?.resume();
      await eventually('the one that was paused ends', () => first?.exits.includes(1) === true);
      await anotherIsReady();
      await second?.stop();
      await first?.leads();
    });
  });

  describe('a gateway', () => {
    let extra: GatewayReplica;

    it('that is added is waited for, and then serves everything', async () => {
      extra = installation.addGateway();
      await extra.start();
      await anotherIsReady();
      await steady.use('steady');
    });

    it('that never takes up a change is named, and the others serve it', async () => {
      extra.kubeletPaused = true;
      await team.apply('waiting', {});
      // Before that, others may be waited for too.
      const wanted = { status: 'False', reason: 'WaitingForGateways' } as const;
      await team.condition('waiting', 'Programmed', wanted, ['gateway-2', '2 of 3']);
      const revisions = async (name: string): Promise<number> =>
        await installation.operator.metric(`bucketway_operator_${name}_revision`);
      expect(await revisions('acknowledged')).toBeLessThan(await revisions('published'));

      extra.kubeletPaused = false;
      await team.ready('waiting');
      await (await team.keys('waiting-s3')).use('waiting');
    });

    it('that refuses a document of a later version is named with its reason', async () => {
      extra.corrupt = (_file, text) => text.replace('"version":1', '"version":2');
      await team.apply('refused', {});
      const wanted = { status: 'False', reason: 'GatewayRejected' } as const;
      await team.condition('refused', 'Programmed', wanted, ['gateway-2']);

      extra.corrupt = (_file, text) => text;
      await extra.refresh();
      await team.ready('refused');
    });

    it('that is killed is not waited for once its Pod is not ready, and is again when it is back', async () => {
      await extra.kill();
      await extra.report('False');
      await team.ready('without', {});
      expect((await team.bucket('without'))?.status?.programmed?.gateways).toBe('2/2');

      await extra.run();
      await extra.report('True');
      await team.until('without', 'is served by all', ({ status }) => status?.programmed?.gateways === '3/3');
      await extra.remove();
      await anotherIsReadyOnTwo();
    });

    const anotherIsReadyOnTwo = async (): Promise<void> => {
      installation.gateways.pop();
      await anotherIsReady();
    };

    it('and all others: Programmed says so, until one is back', async () => {
      await traffic.stop();
      for (const gateway of installation.gateways) await gateway.report('False');
      await team.apply('nobody', {});
      await team.condition('nobody', 'Programmed', { status: 'False', reason: 'NoGateways' });
      for (const gateway of installation.gateways) await gateway.report('True');
      await team.ready('nobody');
    });
  });

  describe('a storage', () => {
    it('is told by the buckets on it and by no others, until it is back', async () => {
      await team.ready('remote', { path: '/away/remote' });
      const folder = join(installation.folder, 'away');
      renameSync(folder, `${folder}.gone`);
      const keys = await team.keys('remote-s3');
      await keys.tryWriting('remote');

      const unreachable = await team.condition('remote', 'BackendReachable', { status: 'False' });
      expect(unreachable.reason).toBe('BackendUnavailable');
      await team.condition('remote', 'Programmed', { status: 'True' });
      await team.condition('remote', 'Ready', { status: 'False' });
      await team.condition('steady', 'Ready', { status: 'True' });

      renameSync(`${folder}.gone`, folder);
      await team.ready('remote');
      await keys.use('remote');
    });
  });
});
