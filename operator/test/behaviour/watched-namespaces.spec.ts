import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CONFIG_MAPS, SECRETS } from '../../src/kube/resource.js';
import { eventually } from '../support/eventually.js';
import { FENCED_NAMESPACES } from '../support/granted-permissions.js';
import { Installation, NAMESPACE } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { Tenant } from '../support/tenant.js';

const BROUGHT = { accessKeyId: 'USERSOWNKEY', secretAccessKey: 'a-secret-that-the-user-made' };

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)('an operator with rights in two namespaces (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let teams: readonly Tenant[];
  let outside: Tenant;

  beforeAll(async () => {
    installation = await Installation.start({ gateways: 2, fenced: true });
    teams = FENCED_NAMESPACES.map((namespace) => installation.tenantOf(namespace));
    outside = await installation.tenant('team-c');
    // From the beginning, so that whoever looked would have seen it.
    await outside.apply('unseen', {});
  });

  afterAll(async () => {
    await installation?.stop();
  });

  it.each(FENCED_NAMESPACES.map((namespace, index) => [namespace, index] as const))(
    'serves the S3Buckets of %s: keys, what apps read, changes and deletion',
    async (namespace, index) => {
      const team = teams[index] as Tenant;
      const name = `photos-${index}`;
      await team.ready(name, { credentials: { formats: ['AWS', 'OBC'] } });
      const keys = await team.keys(`${name}-s3`);
      await keys.use(name);

      const ref = { namespace, name: `${name}-s3` };
      await team.client.delete(SECRETS, ref);
      expect((await team.keys(`${name}-s3`)).pair).toEqual(keys.pair);
      await team.client.delete(CONFIG_MAPS, ref);
      await eventually('the ConfigMap is back', () => team.client.get(CONFIG_MAPS, ref));
      await eventually('events tell', async () => {
        const told = await team.events(name);
        return ['SecretWritten', 'SecretRestored', 'DriftReverted'].every((reason) => told.includes(reason));
      });

      await team.bringKey(`mine-${index}`, { ...BROUGHT, accessKeyId: `${BROUGHT.accessKeyId}${index}` });
      await team.ready(`brought-${index}`, {
        credentials: { mode: 'Existing', existingSecretRef: { name: `mine-${index}` } },
      });

      await team.delete(name);
      await team.gone(name);
      expect(await team.secret(`${name}-s3`)).toBeUndefined();
      expect(await team.client.get(CONFIG_MAPS, ref)).toBeUndefined();
    },
  );

  it('goes on after a restart', async () => {
    const [team] = teams as [Tenant];
    await team.ready('lasting', {});
    const keys = await team.keys('lasting-s3');
    await installation.operator.kill();
    await installation.operator.start();
    await team.ready('lasting', { accessMode: 'ReadOnly' });
    expect((await team.keys('lasting-s3')).pair).toEqual(keys.pair);
  });

  it('touches nothing of a third', async () => {
    const bucket = await outside.bucket('unseen');
    expect(bucket?.status).toBeUndefined();
    expect(bucket?.metadata.finalizers).toBeUndefined();
    expect(await outside.secret('unseen-s3')).toBeUndefined();
    expect(await outside.events('unseen')).toEqual([]);
  });

  it('asks for nothing that it may not have', () => {
    const { requests } = installation;
    expect(requests.filter(({ status }) => status === 403)).toEqual([]);
    const everywhere = requests.filter(({ namespace }) => namespace === undefined);
    expect(new Set(everywhere.map(({ resource }) => resource))).toEqual(new Set(['namespaces']));
    const within = new Set(requests.map(({ namespace }) => namespace).filter((namespace) => namespace !== undefined));
    expect(within).toEqual(new Set([NAMESPACE, ...FENCED_NAMESPACES]));
  });
});
