import { REVOKE_ANNOTATION } from '@bucketway/contract';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONFIG_MAPS, NAMESPACES, SECRETS } from '../../src/kube/resource.js';
import { eventually } from '../support/eventually.js';
import { DOCUMENTS, Installation, NAMESPACE } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { Tenant } from '../support/tenant.js';

const TRUSTED = { tier: 'trusted' };
const POLICY = {
  rules: [
    // Whoever is watched may do what the others may, and no more than read, in small buckets.
    {
      namespaces: { selector: { matchLabels: { tier: 'watched' } } },
      defaultPath: '/{namespace}/{name}',
      paths: [{ prefix: '/{namespace}' }],
      allow: { anonymous: ['None', 'Read'] },
      limits: { maxSize: '1Gi' },
    },
    {
      namespaces: { selector: { matchLabels: TRUSTED } },
      defaultPath: '/{namespace}/{name}',
      paths: [{ prefix: '/{namespace}' }],
      allow: { reclaimDelete: true, anonymous: ['None', 'Read'] },
    },
  ],
};

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)(
  'an S3Bucket whose spec does not come into force (needs KUBEBUILDER_ASSETS)',
  () => {
    let installation: Installation;
    let team: Tenant;

    beforeAll(async () => {
      installation = await Installation.start({ gateways: 1, operator: { policy: POLICY } });
      team = await installation.tenant('team', TRUSTED);
    });

    afterAll(async () => {
      await installation?.stop();
    });

    const moveTo = async (tier: string, namespace = 'team'): Promise<void> => {
      const patch = { metadata: { labels: { tier } } };
      await installation.api.client.patch(NAMESPACES, { name: namespace }, patch, { type: 'merge' });
    };

    const anonymously = async (bucket: string): Promise<number> => {
      const { url } = installation.gateways[0] as { readonly url: string };
      return (await fetch(`${url}/${bucket}/try`)).status;
    };

    describe('since it is refused', () => {
      it('is served as before: with the access, the quota and the key that it had', async () => {
        await team.ready('edited', { quota: { maxSize: '1Gi' }, anonymous: 'Read' });
        const keys = await team.keys('edited-s3');
        expect(await keys.tryWriting('edited')).toEqual(['ok']);

        await team.apply('edited', { anonymous: 'ReadList', accessMode: 'ReadOnly' });
        const { message } = await team.condition('edited', 'Accepted', {
          status: 'False',
          reason: 'AnonymousNotAllowed',
        });
        expect(message).toContain('served as before');
        await team.condition('edited', 'Ready', { status: 'False', reason: 'AnonymousNotAllowed' });
        await team.condition('edited', 'Stalled', { status: 'True' });
        expect(await keys.tryWriting('edited')).toEqual(['ok']);
        expect(await anonymously('edited')).toBe(200);

        await installation.operator.kill();
        await installation.operator.start();
        await team.condition('edited', 'Accepted', { status: 'False', reason: 'AnonymousNotAllowed' });
        await keys.use('edited');
        expect((await team.keys('edited-s3')).pair).toEqual(keys.pair);

        await team.ready('edited', { accessMode: 'ReadOnly' });
        expect(await keys.tryWriting('edited')).toEqual(['AccessDenied']);
      });

      it('loses a key that is revoked, and gets another one', async () => {
        await team.ready('leaked', {});
        const leaked = await team.keys('leaked-s3');
        await team.apply('leaked', { anonymous: 'List' });
        await team.condition('leaked', 'Accepted', { status: 'False' });
        await team.patch('leaked', { metadata: { annotations: { [REVOKE_ANNOTATION]: leaked.id } } });

        await eventually('the key is refused', async () => (await leaked.tryWriting('leaked'))[0] !== 'ok');
        const fresh = await eventually('another key works', async () => {
          const keys = await team.keys('leaked-s3');
          return keys.id !== leaked.id && (await keys.tryWriting('leaked'))[0] === 'ok' ? keys : undefined;
        });
        await team.until('leaked', 'tells of it', ({ status }) => status?.credentials?.accessKeyId === fresh.id);
      });

      it('is deleted without its data where only the refused spec asks for that', async () => {
        const modest = await installation.tenant('modest', { tier: 'watched' });
        await modest.ready('spared', {});
        await (await modest.keys('spared-s3')).use('spared');
        await modest.apply('spared', { reclaimPolicy: 'Delete' });
        await modest.condition('spared', 'Accepted', { status: 'False', reason: 'ReclaimDeleteNotAllowed' });
        await modest.delete('spared');
        await modest.gone('spared');
        expect(readdirSync(join(installation.folder, 'data/modest/spared'))).not.toEqual([]);
        const ref = { namespace: NAMESPACE, name: `${DOCUMENTS.name}-retained` };
        const { data = {} } = (await installation.api.client.get(CONFIG_MAPS, ref)) ?? {};
        expect(data['retained.json']).toContain('/modest/spared');
      });

      it('by a limit that was lowered, is served as before, and not once the policy gives it nothing any more', async () => {
        const growing = await installation.tenant('growing', TRUSTED);
        await growing.ready('large', { quota: { maxSize: '10Gi' } });
        const keys = await growing.keys('large-s3');
        await moveTo('watched', 'growing');
        await growing.condition('large', 'Accepted', { status: 'False', reason: 'LimitExceeded' });
        expect(await keys.tryWriting('large')).toEqual(['ok']);

        await moveTo('nobody', 'growing');
        await growing.condition('large', 'Accepted', { status: 'False', reason: 'NamespaceNotAllowed' });
        await eventually('it is served no more', async () => (await keys.tryWriting('large'))[0] !== 'ok');
        await moveTo('trusted', 'growing');
        await growing.ready('large');
        await keys.use('large');
      });
    });

    describe('since it is suspended', () => {
      it('loses a key that is revoked, and its app gets another one, while what its spec asks for waits', async () => {
        await team.ready('paused', {});
        const leaked = await team.keys('paused-s3');
        await team.apply('paused', { suspend: true, accessMode: 'ReadOnly', credentials: { rotationRequest: 'now' } });
        await team.condition('paused', 'Reconciling', { reason: 'Suspended' });
        expect((await team.keys('paused-s3')).id).toBe(leaked.id);
        await team.patch('paused', { metadata: { annotations: { [REVOKE_ANNOTATION]: leaked.id } } });

        await eventually('the key is refused', async () => (await leaked.tryWriting('paused'))[0] !== 'ok');
        const fresh = await eventually('another key works, and writes', async () => {
          const keys = await team.keys('paused-s3');
          return keys.id !== leaked.id && (await keys.tryWriting('paused'))[0] === 'ok' ? keys : undefined;
        });
        await team.ready('paused', { accessMode: 'ReadOnly', credentials: {} });
        expect((await team.keys('paused-s3')).id).toBe(fresh.id);
        expect(await fresh.tryWriting('paused')).toEqual(['AccessDenied']);
      });

      it('holds up no revocation of another that shares its Secret', async () => {
        const credentials = { secretName: 'common' };
        await team.ready('waits', { credentials });
        await team.ready('works', { credentials });
        const leaked = await team.keys('common');
        await team.apply('waits', { credentials, suspend: true });
        await team.condition('waits', 'Reconciling', { reason: 'Suspended' });
        await team.patch('works', { metadata: { annotations: { [REVOKE_ANNOTATION]: leaked.id } } });

        await eventually('another key opens both', async () => {
          const keys = await team.keys('common');
          if (keys.id === leaked.id) return false;
          const answers = [...(await keys.tryWriting('works')), ...(await keys.tryWriting('waits'))];
          return answers.every((answer) => answer === 'ok');
        });
        for (const name of ['works', 'waits']) expect(await leaked.tryWriting(name)).not.toContain('ok');
      });

      it('gets its Secret back', async () => {
        await team.ready('robbed', {});
        const { pair } = await team.keys('robbed-s3');
        await team.apply('robbed', { suspend: true });
        await team.condition('robbed', 'Reconciling', { reason: 'Suspended' });
        await team.client.delete(SECRETS, { namespace: 'team', name: 'robbed-s3' });
        expect((await team.keys('robbed-s3')).pair).toEqual(pair);
      });

      it('is served no more once the policy takes its path back, and is again when it may have it', async () => {
        const guests = await installation.tenant('guests', TRUSTED);
        await guests.ready('invited', {});
        const keys = await guests.keys('invited-s3');
        await guests.apply('invited', { suspend: true, accessMode: 'ReadOnly' });
        await guests.condition('invited', 'Reconciling', { reason: 'Suspended' });
        await moveTo('nobody', 'guests');

        await guests.condition('invited', 'Accepted', { status: 'False', reason: 'NamespaceNotAllowed' });
        await eventually('it is served no more', async () => (await keys.tryWriting('invited'))[0] !== 'ok');
        await moveTo('trusted', 'guests');
        await guests.ready('invited', { suspend: false });
        await keys.use('invited');
      });

      it('and new holds nothing, and keeps nobody from what it asks for', async () => {
        await team.apply('early', { suspend: true, bucketName: 'wanted' });
        await team.condition('early', 'Reconciling', { reason: 'Suspended' });
        await team.ready('late', { bucketName: 'wanted' });
      });

      it('can be deleted as any other', async () => {
        await team.ready('closed', { reclaimPolicy: 'Delete' });
        const keys = await team.keys('closed-s3');
        await keys.use('closed');
        await team.apply('closed', { reclaimPolicy: 'Delete', suspend: true });
        await team.delete('closed');
        await team.gone('closed');
        const path = join(installation.folder, 'data/team/closed');
        expect(existsSync(path) ? readdirSync(path) : []).toEqual([]);
      });
    });
  },
);
