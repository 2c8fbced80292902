import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AppKeys } from '../support/app-keys.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { Tenant } from '../support/tenant.js';

const OK = ['ok', 'ok'];
const FULL = ['QuotaExceeded', 'QuotaExceeded'];

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)('an S3Bucket at a path that has data (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let team: Tenant;
  let added = 0;

  beforeAll(async () => {
    installation = await Installation.start({ gateways: 2, operator: { usageIntervalSeconds: 1 } });
    team = await installation.tenant('team');
  });

  afterAll(async () => {
    await installation?.stop();
  });

  /** Puts files to where the bucket of a name lies, as somebody who does not come over S3. */
  function place(name: string, files: readonly string[]): string {
    const folder = join(installation.folder, 'data', 'team', name);
    mkdirSync(folder, { recursive: true });
    for (const file of files) writeFileSync(join(folder, file), 'text');
    return folder;
  }

  /** What each gateway says to another object: one that is there may be replaced, however full the bucket is. */
  async function tryAdding(keys: AppKeys, name: string): Promise<string[]> {
    const answers = keys.clients().map(async (client) => {
      try {
        await client.send(new PutObjectCommand({ Bucket: name, Key: `added-${++added}`, Body: 'text' }));
        return 'ok';
      } catch (error) {
        return (error as Error).name;
      } finally {
        client.destroy();
      }
    });
    return await Promise.all(answers);
  }

  it('is held to its quota, and says how full it is and when its key was used', async () => {
    place('limited', ['a', 'b', 'c']);
    await team.ready('limited', { quota: { maxSize: '1Gi', maxObjects: 3 } });
    const keys = await team.keys('limited-s3');
    await eventually('every gateway has counted and refuses', async () => {
      return (await tryAdding(keys, 'limited')).join() === FULL.join();
    });

    const said = await team.until(
      'limited',
      'says that it is full',
      ({ status }) =>
        status?.conditions?.some(({ type, status: is }) => type === 'QuotaExceeded' && is === 'True') === true,
    );
    expect(said.status?.usage?.size).toMatch(/^[\d.]+(Ki)?$/);
    expect(said.status?.usage?.objects).toBeGreaterThanOrEqual(3);
    await team.until('limited', 'says when its key was used', ({ status }) => {
      return status?.credentials?.keys?.[0]?.lastUsedTime?.endsWith(':00:00Z') === true;
    });
    await team.condition('limited', 'QuotaExceeded', { reason: 'QuotaUsedUp' }, [
      '1Gi and 3 objects',
      'raise spec.quota',
    ]);
    await team.condition('limited', 'Ready', { status: 'True' });
    await eventually('an event tells', async () => (await team.events('limited')).includes('QuotaUsedUp'));

    await team.ready('limited', { quota: { maxSize: '1Gi', maxObjects: 1_000_000 } });
    await eventually('there is room', async () => (await tryAdding(keys, 'limited')).join() === OK.join());
    await team.until(
      'limited',
      'says that there is room again',
      ({ status }) => status?.conditions?.some(({ reason }) => reason === 'WithinQuota') === true,
    );

    await team.ready('limited', {});
    await team.until('limited', 'says nothing of its usage', ({ status }) => status?.usage === undefined);
  });

  it('is not Ready where the path must exist and does not, until somebody makes it', async () => {
    await team.apply('awaited', { pathPolicy: 'MustExist' });
    const wanted = { status: 'False', reason: 'PathMissing' } as const;
    await team.condition('awaited', 'BackendReachable', wanted);
    await team.condition('awaited', 'Ready', wanted);

    place('awaited', ['there.txt']);
    await team.ready('awaited');
    expect(await (await team.keys('awaited-s3')).tryReading('awaited', 'there.txt')).toEqual(OK);
  });

  it('is bound where the path must be empty and is, and may fill then', async () => {
    const { status } = await team.ready('empty', { pathPolicy: 'MustBeEmpty' });
    expect(status).toMatchObject({ bucketName: 'empty', binding: { name: 'empty-s3' } });
    const keys = await team.keys('empty-s3');
    await keys.use('empty');

    await installation.operator.kill();
    await installation.operator.start();
    await team.ready('empty', { pathPolicy: 'MustBeEmpty', anonymous: 'Read' });
    await keys.use('empty');
  });

  it('is not bound where the path must be empty and is not, and goes on once it is', async () => {
    const folder = place('taken', ['secret.txt']);
    await team.apply('taken', { pathPolicy: 'MustBeEmpty', anonymous: 'Read' });
    await team.condition('taken', 'BackendReachable', { status: 'False', reason: 'PathNotEmpty' }, ['CreateIfMissing']);
    await team.condition('taken', 'Ready', { status: 'False', reason: 'PathNotEmpty' });
    const refused = await team.bucket('taken');
    expect(refused?.status?.bucketName).toBeUndefined();
    expect(await team.secret('taken-s3')).toBeUndefined();
    const read = installation.gateways.map(async ({ url }) => (await fetch(`${url}/taken/secret.txt`)).status);
    expect(await Promise.all(read)).toEqual([403, 403]);

    rmSync(join(folder, 'secret.txt'));
    await team.ready('taken');
    await (await team.keys('taken-s3')).use('taken');
  });

  it('deletes nothing that was never its own', async () => {
    const folder = place('foreign', ['theirs']);
    await team.apply('foreign', { pathPolicy: 'MustBeEmpty', reclaimPolicy: 'Delete' });
    await team.condition('foreign', 'BackendReachable', { status: 'False', reason: 'PathNotEmpty' });
    await team.delete('foreign');
    await team.gone('foreign');
    expect(existsSync(join(folder, 'theirs'))).toBe(true);
  });

  it('takes over what is there once it is told to', async () => {
    place('adopted', ['old']);
    await team.apply('adopted', { pathPolicy: 'MustBeEmpty' });
    await team.condition('adopted', 'BackendReachable', { status: 'False', reason: 'PathNotEmpty' });
    await team.ready('adopted', { pathPolicy: 'CreateIfMissing' });
    expect(await (await team.keys('adopted-s3')).tryReading('adopted', 'old')).toEqual(OK);
  });

  it('costs no request that the roles of the operator refuse', () => {
    expect(installation.requests.filter(({ status }) => status === 403)).toEqual([]);
  });
});
