import {
  ALLOW_MASS_DELETION_ANNOTATION,
  MANAGED_LABEL,
  REVOKE_ANNOTATION,
  S3_BUCKET_FINALIZER,
  seal,
} from '@bucketway/contract';
import type { ConditionReason, S3BucketSpec } from '@bucketway/contract';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { S3_BUCKETS } from '../../src/cluster/s3-bucket-resource.js';
import type { ConfigMap } from '../../src/kube/core-objects.js';
import { CONFIG_MAPS, EVENTS, SECRETS } from '../../src/kube/resource.js';
import type { AppKeys } from '../support/app-keys.js';
import { eventually } from '../support/eventually.js';
import { grantedPermissions, unusedPermissions } from '../support/granted-permissions.js';
import { DOCUMENTS, Installation, NAMESPACE } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import { S3Traffic } from '../support/s3-traffic.js';
import type { Tenant } from '../support/tenant.js';

const OK = ['ok', 'ok'];
/** What a key is told whose bucket, or which itself, is gone. */
const GONE = /^(NoSuchBucket|InvalidAccessKeyId)$/;
const SHARDS = Array.from({ length: DOCUMENTS.shards }, (_, shard) => shard);

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)('what somebody else changes or deletes (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let team: Tenant;
  let others: Tenant;
  let traffic: S3Traffic;

  beforeAll(async () => {
    installation = await Installation.start({
      gateways: 2,
      operator: { massDeletion: { holdSeconds: 15, minimumBuckets: 10, percent: 20 } },
    });
    team = await installation.tenant('team');
    others = await installation.tenant('others');
    // Both shards are in use.
    for (const name of ['steady', 'one', 'two', 'three', 'four']) await team.ready(name, {});
    const { pair } = await team.keys('steady-s3');
    traffic = new S3Traffic(installation.gateways, 'steady', () => pair);
  });

  afterAll(async () => {
    await traffic?.stop();
    await installation?.stop();
  });

  const refused = async (keys: AppKeys, bucket: string): Promise<boolean> =>
    (await keys.tryWriting(bucket)).every((answer) => GONE.test(answer));

  /** What is stored of the documents, by name, without what an unchanged object may differ in. */
  const stored = async (): Promise<Map<string, string>> => {
    const { client } = installation.api;
    const documents = new Map<string, string>();
    for (const shard of SHARDS) {
      for (const kind of ['mappings', 'credentials'] as const) {
        const ref = Installation.documentRef(kind, shard);
        const object = await client.get(kind === 'mappings' ? CONFIG_MAPS : SECRETS, ref);
        const value = object?.data?.[`${kind}-${shard}.json`];
        if (value === undefined) continue;
        const text = kind === 'mappings' ? value : Buffer.from(value, 'base64').toString();
        const { revision: _, hash: __, ...content } = JSON.parse(text) as Record<string, unknown>;
        documents.set(ref.name, JSON.stringify(content));
      }
    }
    return documents;
  };

  const keyIsStored = async ({ id }: AppKeys): Promise<boolean> => {
    const { items } = await installation.api.client.list(SECRETS, {});
    const texts = items.flatMap(({ data = {} }) => Object.values(data).map((text) => atob(text)));
    return texts.some((text) => text.includes(id));
  };

  const drift = async (object: string): Promise<number> =>
    await installation.operator.metric('bucketway_operator_drift_reverted_total', { object });

  const refreshAll = async (): Promise<void> => {
    await Promise.all(installation.gateways.map((gateway) => gateway.refresh()));
  };

  describe('the Secret of an app', () => {
    it('comes back with the same key when it is deleted', async () => {
      await team.ready('deleted-secret', { credentials: { formats: ['AWS', 'OBC'] } });
      const before = await team.keys('deleted-secret-s3');
      const reverted = await drift('app-secret');
      await team.client.delete(SECRETS, { namespace: 'team', name: 'deleted-secret-s3' });

      const after = await team.keys('deleted-secret-s3');
      expect(after.pair).toEqual(before.pair);
      await after.use('deleted-secret');
      await eventually('an event tells', async () => (await team.events('deleted-secret')).includes('SecretRestored'));
      expect(await drift('app-secret')).toBeGreaterThan(reverted);
    });

    it.each([
      ['its key is edited', { data: { AWS_ACCESS_KEY_ID: Buffer.from('SOMETHINGELSE').toString('base64') } }],
      ['an entry is taken out', { data: { AWS_REGION: null } }],
      ['its label is taken off', { metadata: { labels: { [MANAGED_LABEL]: null } } }],
    ])('is as it was soon after %s', async (_title, patch) => {
      await team.ready('edited-secret', {});
      const before = await team.secret('edited-secret-s3');
      const reverted = await drift('app-secret');
      await team.client.patch(SECRETS, { namespace: 'team', name: 'edited-secret-s3' }, patch, { type: 'merge' });

      await eventually('the Secret is as it was', async () => {
        const { data, metadata } = (await team.secret('edited-secret-s3')) ?? { metadata: {} };
        expect(data).toEqual(before?.data);
        expect(metadata.labels?.[MANAGED_LABEL]).toBe('true');
        return true;
      });
      expect(await drift('app-secret')).toBeGreaterThan(reverted);
      await eventually('an event tells', async () => (await team.events('edited-secret')).includes('DriftReverted'));
    });
  });

  describe('the ConfigMap beside it', () => {
    const ref = { namespace: 'team', name: 'classic-s3' };
    const configMap = async (): Promise<ConfigMap | undefined> => await team.client.get(CONFIG_MAPS, ref);
    const patchConfigMap = async (patch: object): Promise<unknown> =>
      await team.client.patch(CONFIG_MAPS, ref, patch, { type: 'merge' });

    it.each<readonly [string, () => Promise<unknown>]>([
      ['is deleted', () => team.client.delete(CONFIG_MAPS, ref)],
      ['is edited', () => patchConfigMap({ data: { BUCKET_NAME: 'somethingelse' } })],
      ['lacks an entry', () => patchConfigMap({ data: { BUCKET_HOST: null } })],
      ['lacks its label', () => patchConfigMap({ metadata: { labels: { [MANAGED_LABEL]: null } } })],
    ])('is as it was soon after it %s', async (_title, change) => {
      await team.ready('classic', { credentials: { formats: ['AWS', 'OBC'] } });
      const before = await configMap();
      expect(before?.data?.['BUCKET_NAME']).toBe('classic');
      const reverted = await drift('app-configmap');
      await change();

      await eventually('the ConfigMap is as it was', async () => {
        const { data, metadata } = (await configMap()) ?? { metadata: {} };
        expect(data).toEqual(before?.data);
        expect(metadata.labels?.[MANAGED_LABEL]).toBe('true');
        return true;
      });
      await eventually('it is counted', async () => (await drift('app-configmap')) > reverted);
      await eventually('an event tells', async () => (await team.events('classic')).includes('DriftReverted'));
    });

    it('goes when nobody asks for it any more, and comes again with the format', async () => {
      await team.ready('classic', { credentials: { formats: ['AWS'] } });
      await eventually('the ConfigMap is gone', async () => (await configMap()) === undefined);

      await team.ready('classic', { credentials: { formats: ['AWS', 'OBC'] } });
      await eventually('the ConfigMap is there', configMap);
    });

    it('goes with the S3Bucket', async () => {
      await team.delete('classic');
      await team.gone('classic');
      expect(await configMap()).toBeUndefined();
    });
  });

  describe('the documents of the gateways', () => {
    const change = async (kind: 'mappings' | 'credentials', shard: number, patch: object | 'delete'): Promise<void> => {
      const resource = kind === 'mappings' ? CONFIG_MAPS : SECRETS;
      const ref = Installation.documentRef(kind, shard);
      const { client } = installation.api;
      if (patch === 'delete') await client.delete(resource, ref);
      else await client.patch(resource, ref, patch, { type: 'merge', fieldManager: 'somebody' });
    };
    const nonsense = (kind: string, shard: number): object => ({
      data: { [`${kind}-${shard}.json`]: kind === 'mappings' ? '{"version":1,"buckets":[]}' : 'e30=' },
    });

    const sayWhatTheySaid = async (before: Map<string, string>): Promise<void> => {
      await eventually('the documents say what they said', async () => {
        expect(await stored()).toEqual(before);
        return true;
      });
    };

    it.each([
      ['deleted', 'mappings'],
      ['deleted', 'credentials'],
      ['edited', 'mappings'],
      ['edited', 'credentials'],
    ] as const)('come back when they are %s (%s), and an event tells', async (what, kind) => {
      const before = await stored();
      const reverted = await drift(kind);
      for (let round = 0; round < 2; round++) {
        for (const shard of SHARDS) await change(kind, shard, what === 'deleted' ? 'delete' : nonsense(kind, shard));
        await refreshAll();
        await sayWhatTheySaid(before);
      }
      await eventually('each is counted', async () => (await drift(kind)) >= reverted + 2 * SHARDS.length);
      await eventually('an event tells', async () => {
        const { items } = await installation.api.client.list(EVENTS, { namespace: NAMESPACE });
        return items.some(({ reason }) => reason === 'DriftReverted');
      });
    });

    it('can be written again after somebody froze them', async () => {
      for (const shard of SHARDS) {
        for (const kind of ['mappings', 'credentials'] as const) await change(kind, shard, { immutable: true });
      }
      for (const name of ['thawed-one', 'thawed-two', 'thawed-three']) await team.ready(name, {});
    });

    it('are served as before while the operator is away, whatever somebody writes into them', async () => {
      expect(await installation.operator.stop()).toBe(0);
      const before = await stored();
      for (const shard of SHARDS) {
        await change('mappings', shard, nonsense('mappings', shard));
        await change('credentials', shard, nonsense('credentials', shard));
      }
      await refreshAll();
      await (await team.keys('steady-s3')).use('steady');

      await installation.operator.start();
      await sayWhatTheySaid(before);
      await team.ready('after-edit', {});
    });

    it('lose what somebody added in a proper document while the operator was away', async () => {
      await installation.operator.kill();
      const before = await stored();
      for (const shard of SHARDS) {
        const ref = Installation.documentRef('mappings', shard);
        const entry = `mappings-${shard}.json`;
        const text = (await installation.api.client.get(CONFIG_MAPS, ref))?.data?.[entry];
        if (text === undefined) continue;
        const { revision, buckets } = JSON.parse(text) as { revision: number; buckets: readonly object[] };
        const opened = buckets.map((bucket) => ({ ...bucket, anonymous: 'read-list' }));
        await change('mappings', shard, { data: { [entry]: JSON.stringify(seal({ buckets: opened }, revision + 1)) } });
      }

      await installation.operator.start();
      await sayWhatTheySaid(before);
      await eventually('nobody may read without a key', async () => {
        const answers = await Promise.all(installation.gateways.map(({ url }) => fetch(`${url}/steady`)));
        return answers.every(({ status }) => status === 403);
      });
    });

    it.each([
      ['of keys', ['credentials']],
      ['of mappings', ['mappings']],
      ['of both', ['mappings', 'credentials']],
    ] as const)(
      '%s that were deleted while the operator was away come back with the same keys',
      async (_title, kinds) => {
        const keys = await team.keys('steady-s3');
        await installation.operator.kill();
        for (const shard of SHARDS) for (const kind of kinds) await change(kind, shard, 'delete');
        await refreshAll();
        await keys.use('steady');

        await installation.operator.start();
        await eventually('every document is there', async () => {
          await refreshAll();
          return (await stored()).size === SHARDS.length * 2;
        });
        expect((await team.keys('steady-s3')).pair).toEqual(keys.pair);
        await keys.use('steady');
        // Gateways take a later version of each document, so its revision is above what they had.
        await team.ready(`after-loss-${kinds.length}-${kinds[0]}`, {});
        await team.ready('deleted-secret');
      },
    );
  });

  describe('a key', () => {
    it('that is lost with its document and its Secret while the operator was away is issued anew, and no other', async () => {
      for (const name of ['robbed', 'spared']) await team.ready(name, {});
      const lost = await team.keys('robbed-s3');
      const kept = await team.keys('spared-s3');
      await installation.operator.kill();
      for (const shard of SHARDS) await team.client.delete(SECRETS, Installation.documentRef('credentials', shard));
      await team.client.delete(SECRETS, { namespace: 'team', name: 'robbed-s3' });

      await installation.operator.start();
      const fresh = await team.keys('robbed-s3');
      expect(fresh.id).not.toBe(lost.id);
      await team.ready('robbed');
      await fresh.use('robbed');
      await eventually('no gateway takes the lost key', () => refused(lost, 'robbed'));
      expect((await team.keys('spared-s3')).pair).toEqual(kept.pair);
      await kept.use('spared');
      await eventually('an event tells', async () => (await team.events('robbed')).includes('CredentialsReissued'));

      await installation.operator.kill();
      await installation.operator.start();
      await team.ready('robbed', { accessMode: 'ReadOnly' });
      const told = async (name: string): Promise<number> =>
        (await team.events(name)).filter((reason) => reason === 'CredentialsReissued').length;
      expect([await told('robbed'), await told('spared')]).toEqual([1, 0]);
    });
  });

  describe('an S3Bucket', () => {
    it('says what is true again after its status was edited', async () => {
      const { status } = await team.ready('lied-about', {});
      const lie = { status: { path: '/elsewhere', conditions: [] } };
      const ref = { namespace: 'team', name: 'lied-about' };
      await team.client.patch(S3_BUCKETS, ref, lie, { type: 'merge', subresource: 'status' });

      const { status: after } = await team.ready('lied-about');
      expect(after?.path).toBe(status?.path);
    });

    it('gets its finalizer back', async () => {
      await team.ready('bare', {});
      await team.patch('bare', { metadata: { finalizers: null } });
      await team.until('bare', 'has its finalizer', ({ metadata }) => {
        return metadata.finalizers?.includes(S3_BUCKET_FINALIZER) === true;
      });
    });

    it('is served no more when somebody forced it out', async () => {
      await team.ready('forced', {});
      const keys = await team.keys('forced-s3');
      await installation.operator.kill();
      await team.delete('forced');
      await team.patch('forced', { metadata: { finalizers: null } });
      await team.gone('forced');
      await installation.operator.start();

      await eventually('no gateway serves it', () => refused(keys, 'forced'));
    });

    it.each([
      ['while the operator runs', false],
      ['while it does not', true],
    ])('that somebody forced out %s leaves neither mapping nor keys', async (_title, isAway) => {
      const name = `forced-${String(isAway)}`;
      await team.ready(name, {});
      const keys = await team.keys(`${name}-s3`);
      if (isAway) await installation.operator.kill();
      // In one go: otherwise an operator that runs puts the finalizer back.
      await team.patch(name, { metadata: { finalizers: null } });
      await team.delete(name);
      await eventually(`${name} is gone`, async () => {
        const bucket = await team.bucket(name);
        if (bucket !== undefined) await team.patch(name, { metadata: { finalizers: null } });
        return bucket === undefined;
      });
      if (isAway) await installation.operator.start();

      await eventually('no gateway serves it', () => refused(keys, name));
      await eventually('no Secret has the key', async () => !(await keyIsStored(keys)));
    });

    it('that takes the place of one that was forced out, with another Secret, leaves no key of it', async () => {
      await team.ready('replaced', { credentials: { secretName: 'of-before' } });
      const before = await team.keys('of-before');
      // The operator sees both at once: otherwise it has ended the first one by then.
      installation.operator.tap.close();
      await team.patch('replaced', { metadata: { finalizers: null } });
      await team.delete('replaced');
      await team.gone('replaced');
      await team.apply('replaced', { credentials: { secretName: 'of-after' } });
      installation.operator.tap.reopen();

      await team.ready('replaced');
      await (await team.keys('of-after')).use('replaced');
      await eventually('no gateway takes the key of before', () => refused(before, 'replaced'));
      await eventually('no Secret has it', async () => !(await keyIsStored(before)));
    });

    it.each<readonly [string, S3BucketSpec, ConditionReason | undefined, boolean]>([
      ['is refused', { path: '/elsewhere' }, 'PathNotAllowed', false],
      ['asks for another bucket name', { bucketName: 'renamed' }, undefined, false],
      ['asks for another bucket name while no operator runs', { bucketName: 'renamed-again' }, undefined, true],
    ])('that takes the place of one that was forced out, and %s, leaves nothing of it served', async (...row) => {
      const [, spec, reason, isAway] = row;
      await team.ready('usurped', {});
      const before = await team.keys('usurped-s3');
      if (isAway) await installation.operator.kill();
      else installation.operator.tap.close();
      await team.patch('usurped', { metadata: { finalizers: null } });
      await team.delete('usurped');
      await team.gone('usurped');
      await team.apply('usurped', spec);
      if (isAway) await installation.operator.start();
      else installation.operator.tap.reopen();

      if (reason === undefined) await team.ready('usurped');
      else await team.condition('usurped', 'Accepted', { status: 'False', reason });
      await eventually('no gateway serves it', () => refused(before, 'usurped'));
      await team.delete('usurped');
      await team.gone('usurped');
      await team.ready('usurped', {});
      expect((await team.bucket('usurped'))?.status?.path).toBe('/team/usurped');
      await team.delete('usurped');
      await team.gone('usurped');
    });

    it('that is made anew under another UID keeps its name, path and key', async () => {
      await team.ready('restored', {});
      const keys = await team.keys('restored-s3');
      const session = new S3Traffic(installation.gateways, 'restored', () => keys.pair);
      await installation.operator.kill();
      await team.delete('restored');
      await team.patch('restored', { metadata: { finalizers: null } });
      await team.gone('restored');
      await team.apply('restored', {});
      await installation.operator.start();

      await team.ready('restored');
      expect((await team.keys('restored-s3')).pair).toEqual(keys.pair);
      expect(await session.stop()).toEqual([]);
    });
  });

  describe('deletion', () => {
    const folder = (path: string): string => join(installation.folder, 'data', path);

    it('with Retain ends access and keeps the data, for its successor and nobody else', async () => {
      await team.ready('kept', { path: '/shared/kept' });
      const keys = await team.keys('kept-s3');
      await keys.use('kept');
      await team.delete('kept');
      await team.gone('kept');
      expect(await refused(keys, 'kept')).toBe(true);
      await eventually('an event tells', async () => (await team.events('kept')).includes('Released'));
      expect(await team.secret('kept-s3')).toBeUndefined();
      expect(readdirSync(folder('shared/kept'))).not.toEqual([]);

      await others.apply('heir', { path: '/shared/kept' });
      await others.condition('heir', 'Accepted', { status: 'False', reason: 'PathTaken' });

      await team.ready('kept', { path: '/shared/kept' });
      const successor = await team.keys('kept-s3');
      expect(successor.id).not.toBe(keys.id);
      expect(await successor.tryWriting('kept')).toEqual(OK);
      expect(await keys.tryWriting('kept')).not.toContain('ok');
      await others.condition('heir', 'Accepted', { status: 'False', reason: 'PathTaken' });
    });

    it('of what was retained: another namespace gets the path once an administrator clears it', async () => {
      await team.delete('kept');
      await team.gone('kept');
      await others.condition('heir', 'Accepted', { status: 'False', reason: 'PathTaken' });
      const ref = { namespace: NAMESPACE, name: `${DOCUMENTS.name}-retained` };
      const { data = {} } = (await installation.api.client.get(CONFIG_MAPS, ref)) ?? {};
      const left = (JSON.parse(data['retained.json'] ?? '[]') as { path: string }[]).filter(
        ({ path }) => path !== '/shared/kept',
      );
      const patch = { data: { 'retained.json': JSON.stringify(left) } };
      await installation.api.client.patch(CONFIG_MAPS, ref, patch, { type: 'merge' });

      await others.ready('heir');
      await (await others.keys('heir-s3')).use('heir');
    });

    it('with Delete removes the data', async () => {
      await team.ready('emptied', { reclaimPolicy: 'Delete' });
      const keys = await team.keys('emptied-s3');
      await keys.use('emptied');
      await team.delete('emptied');
      await team.gone('emptied');
      expect(await refused(keys, 'emptied')).toBe(true);
      const path = folder('team/emptied');
      expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
    });

    it.each([
      ['asked for no key', 'keyless', { credentials: { mode: 'None' }, anonymous: 'Read' }],
      ['got no key since its Secret is of somebody else', 'conflicted', {}],
    ] as const)('with Delete removes the data of one that %s', async (_title, name, spec: S3BucketSpec) => {
      const own = { metadata: { namespace: 'team', name: 'conflicted-s3' }, data: { token: 'c2VjcmV0' } };
      if (name === 'conflicted') await team.client.create(SECRETS, own, { fieldManager: 'user' });
      await team.apply(name, { ...spec, reclaimPolicy: 'Delete' });
      await team.condition(name, 'Programmed', { status: 'True' });
      const path = folder(`team/${name}`);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'left'), '');
      await team.delete(name);
      await team.gone(name);
      expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
      const { items } = await installation.api.client.list(SECRETS, { namespace: NAMESPACE });
      const texts = items.flatMap(({ data = {} }) => Object.values(data).map((text) => atob(text)));
      expect(texts.filter((text) => text.includes('deletion of'))).toEqual([]);
    });

    it('with Delete of one that was never served is over at once', async () => {
      await team.apply('never', { reclaimPolicy: 'Delete', path: '/elsewhere' });
      await team.condition('never', 'Accepted', { status: 'False' });
      await team.delete('never');
      await team.gone('never');
    });

    it('with Delete of more than a moment takes says so, and what is left goes too', async () => {
      await team.ready('crammed', { reclaimPolicy: 'Delete' });
      const path = folder('team/crammed');
      mkdirSync(path, { recursive: true });
      for (let file = 0; file < 10_500; file++) writeFileSync(join(path, `${file}`), '');
      await team.delete('crammed');
      await team.until('crammed', 'says that it is not empty', ({ status }) => {
        const blocked = status?.conditions?.find(({ type }) => type === 'DeletionBlocked');
        return blocked?.status === 'True' && blocked.reason === 'BucketNotEmpty' && blocked.message.includes('Retain');
      });

      await team.gone('crammed');
      expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
    });

    it('with Delete leaves nothing of an app that goes on writing', async () => {
      await team.ready('busy', { reclaimPolicy: 'Delete' });
      const keys = await team.keys('busy-s3');
      const writing = eventually('the app is refused everywhere', async () => {
        const answers = await keys.tryWriting('busy');
        return answers.every((answer) => answer !== 'ok');
      });
      await team.delete('busy');
      await team.gone('busy');
      await writing;
      const path = folder('team/busy');
      expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
    });

    it('with Delete of a storage that is away is blocked and says so, and Retain lets it go', async () => {
      await team.ready('blocked', { path: '/away/blocked', reclaimPolicy: 'Delete' });
      await (await team.keys('blocked-s3')).use('blocked');
      const root = join(installation.folder, 'away');
      renameSync(root, `${root}.gone`);
      await team.delete('blocked');
      const blocked = await team.until(
        'blocked',
        'says what holds it',
        ({ status }) => status?.conditions?.some(({ reason }) => reason === 'BackendUnavailable') === true,
      );
      const why = blocked.status?.conditions?.find(({ type }) => type === 'DeletionBlocked');
      expect(why).toMatchObject({ status: 'True', message: expect.stringContaining('Retain') as string });

      await team.patch('blocked', { spec: { reclaimPolicy: 'Retain' } });
      await team.gone('blocked');
      renameSync(`${root}.gone`, root);
      expect(readdirSync(join(root, 'blocked'))).not.toEqual([]);
    });

    it('that is blocked keeps no key that is revoked, and nobody who shares its Secret from another one', async () => {
      const credentials = { secretName: 'shared-away' };
      await team.ready('stays', { credentials });
      await team.ready('leaves', { path: '/away/leaves', reclaimPolicy: 'Delete', credentials });
      const leaked = await team.keys('shared-away');
      await leaked.use('leaves');
      const root = join(installation.folder, 'away');
      renameSync(root, `${root}.gone`);
      await team.delete('leaves');
      await team.until('leaves', 'is blocked', ({ status }) => {
        return status?.conditions?.some(({ reason }) => reason === 'BackendUnavailable') === true;
      });

      await team.patch('stays', { metadata: { annotations: { [REVOKE_ANNOTATION]: leaked.id } } });
      await eventually('another key works', async () => {
        const keys = await team.keys('shared-away');
        return keys.id !== leaked.id && (await keys.tryWriting('stays')).every((answer) => answer === 'ok');
      });
      for (const name of ['stays', 'leaves']) {
        await eventually(`the revoked key opens ${name} no more`, async () => {
          const answers = await leaked.tryReading(name, 'try');
          return answers.every((answer) => /^(AccessDenied|InvalidAccessKeyId)$/.test(answer));
        });
      }
      renameSync(`${root}.gone`, root);
      await team.gone('leaves');
      expect(existsSync(join(root, 'leaves')) ? readdirSync(join(root, 'leaves')) : []).toEqual([]);
    });

    it('is not held up for longer than the grace by gateways that do not answer', async () => {
      await team.ready('stuck', {});
      const [gateway] = installation.gateways;
      if (gateway !== undefined) gateway.kubeletPaused = true;
      await team.delete('stuck');
      const blocked = await team.condition('stuck', 'DeletionBlocked', {
        status: 'True',
        reason: 'WaitingForGateways',
      });
      expect(blocked.message).toContain(gateway?.name);
      await team.condition('stuck', 'Ready', { status: 'False', reason: 'Deleting' });
      await team.gone('stuck');

      if (gateway !== undefined) gateway.kubeletPaused = false;
      await refreshAll();
    });

    it('of all of a namespace is held for a while, and then carried out; not where it is meant or undone', async () => {
      const crowd = await installation.tenant('crowd');
      const names = Array.from({ length: 40 }, (_, index) => `crowd-${index}`);
      const undone = names.pop() as string;
      const meant = names.pop() as string;
      for (const name of [...names, undone, meant]) await crowd.apply(name, { reclaimPolicy: 'Delete' });
      for (const name of [...names, undone, meant]) await crowd.ready(name);
      const last = await crowd.keys('crowd-37-s3');
      const kept = await crowd.keys(`${undone}-s3`);
      await kept.use(undone);
      await last.use('crowd-37');
      for (const name of [...names, undone, meant]) await crowd.delete(name);

      const held = await eventually('the deletion of one is held', async () => {
        for (const name of names.toReversed()) {
          const blocked = (await crowd.bucket(name))?.status?.conditions?.find(
            ({ type }) => type === 'DeletionBlocked',
          );
          if (blocked?.reason === 'MassDeletionHeld') return name;
        }
        return undefined;
      });
      expect(await last.tryWriting('crowd-37')).toEqual(OK);
      expect(readdirSync(folder('crowd/crowd-37'))).not.toEqual([]);
      expect(await installation.operator.metric('bucketway_operator_mass_deletion_held')).toBe(1);
      await crowd.patch(meant, { metadata: { annotations: { [ALLOW_MASS_DELETION_ANNOTATION]: 'true' } } });
      await crowd.patch(undone, { metadata: { finalizers: null } });
      await crowd.gone(undone);
      await crowd.gone(meant);
      expect((await crowd.bucket(held))?.status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'DeletionBlocked', reason: 'MassDeletionHeld' }) as object,
      );
      await crowd.ready(undone, { reclaimPolicy: 'Delete' });
      expect((await crowd.keys(`${undone}-s3`)).pair).toEqual(kept.pair);
      expect(readdirSync(folder(`crowd/${undone}`))).not.toEqual([]);

      for (const name of names) await crowd.gone(name);
      expect(await refused(last, 'crowd-37')).toBe(true);
      expect(existsSync(folder('crowd/crowd-37')) ? readdirSync(folder('crowd/crowd-37')) : []).toEqual([]);
      await kept.use(undone);
    });
  });

  it('stops no request of an app that it does not concern', async () => {
    expect(await traffic.stop()).toEqual([]);
    expect(traffic.requests).toBeGreaterThan(100);
  });

  describe('the rights of the operator', () => {
    it('are enough: no request was refused', () => {
      expect(installation.requests.filter(({ status }) => status === 403)).toEqual([]);
    });

    it('are hardly more than it uses', async () => {
      expect(unusedPermissions(await grantedPermissions(), installation.requests, NAMESPACE)).toEqual([]);
    });
  });
});
