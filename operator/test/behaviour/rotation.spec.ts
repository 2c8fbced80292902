import { REVOKE_ANNOTATION } from '@bucketway/contract';
import type { S3Bucket, S3BucketSpec } from '@bucketway/contract';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SERIAL_ANNOTATION } from '../../src/credentials/app-secret.js';
import type { KeyPair } from '../../src/credentials/key-plan.js';
import type { AppKeys } from '../support/app-keys.js';
import { eventually } from '../support/eventually.js';
import { Installation } from '../support/installation.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { TappedRequest } from '../support/kube-api-tap.js';
import { S3Traffic } from '../support/s3-traffic.js';
import type { Tenant } from '../support/tenant.js';

const OK = ['ok', 'ok'];
const UNKNOWN = ['InvalidAccessKeyId', 'InvalidAccessKeyId'];
/** What a revoked or retired key may be told: a key that no mapping names opens nothing. */
const REFUSED = /^(InvalidAccessKeyId|AccessDenied)$/;
/** Of a rotation: key, mapping, Secret, the old key's end, mapping without it, and that it is gone. */
const WRITES = 6;
/** Of the keys that are replaced again and again: `1s`. */
const OVERLAP_MS = 1000;

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)('a key that is replaced (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let team: Tenant;
  let aging: AppKeys;

  beforeAll(async () => {
    installation = await Installation.start({ gateways: 2 });
    team = await installation.tenant('team');
    // The shortest age there is: the last test sees it rotate.
    await team.ready('aging', { credentials: { rotation: { interval: '1m', overlap: '1s' } } });
    aging = await team.keys('aging-s3');
  });

  afterAll(async () => {
    await installation?.stop();
  });

  const spec = (overlap: string, rotationRequest?: string): S3BucketSpec => ({
    credentials: { rotation: { overlap }, ...(rotationRequest !== undefined && { rotationRequest }) },
  });

  const idle = async (name: string, rotationRequest?: string): Promise<S3Bucket> =>
    await team.until(name, 'is Idle with one key', ({ status: { credentials } = {} }) => {
      if (rotationRequest !== undefined && credentials?.observedRotationRequest !== rotationRequest) return false;
      return credentials?.rotationPhase === 'Idle' && credentials.keys?.length === 1;
    });

  const idleWith = async (name: string, { id }: AppKeys): Promise<S3Bucket> =>
    await team.until(name, `is Idle with ${id} alone`, ({ status: { credentials } = {} }) => {
      return credentials?.rotationPhase === 'Idle' && credentials.keys?.map((key) => key.accessKeyId).join() === id;
    });

  const serial = async (name: string): Promise<number> =>
    Number((await team.secret(`${name}-s3`))?.metadata.annotations?.[SERIAL_ANNOTATION]);

  const rotations = async (trigger: string): Promise<number> =>
    await installation.operator.metric('bucketway_operator_key_rotations_total', { trigger });

  it('on request: both work during the overlap, and then only the new one', async () => {
    await team.ready('asked', spec('15s'));
    await idle('asked');
    const old = await team.keys('asked-s3');

    await team.apply('asked', spec('15s', 'please'));
    await team.condition('asked', 'RotationInProgress', { status: 'True', reason: 'OverlapRunning' });
    const fresh = await team.keys('asked-s3');
    expect(fresh.id).not.toBe(old.id);
    expect(await fresh.tryWriting('asked')).toEqual(OK);
    expect(await old.tryWriting('asked')).toEqual(OK);

    await idle('asked', 'please');
    expect(await rotations('Request')).toBe(1);
    await team.condition('asked', 'RotationInProgress', { status: 'False', reason: 'NotRotating' });
    expect(await old.tryWriting('asked')).toEqual(UNKNOWN);
    expect(await fresh.tryWriting('asked')).toEqual(OK);
    expect(await serial('asked')).toBe(2);
  });

  it('never without a moment in which the key in the Secret works', async () => {
    await team.ready('busy', spec('1s'));
    const read = async (): Promise<KeyPair> => (await team.keys('busy-s3')).pair;
    const traffic = new S3Traffic(installation.gateways, 'busy', read, OVERLAP_MS);
    for (const request of ['one', 'two', 'three']) {
      await team.apply('busy', spec('1s', request));
      await idle('busy', request);
    }
    expect(await traffic.stop()).toEqual([]);
    expect(await serial('busy')).toBe(4);
  });

  it('at once where it is revoked, and it never works again', async () => {
    await team.ready('leaked', spec('1h'));
    const leaked = await team.keys('leaked-s3');
    const annotations = { [REVOKE_ANNOTATION]: leaked.id };
    await team.patch('leaked', { metadata: { annotations } });

    const refused = async (): Promise<boolean> =>
      (await leaked.tryWriting('leaked')).every((answer) => REFUSED.test(answer));
    await eventually('every gateway refuses the revoked key', refused);
    // The status may still be that of before.
    const fresh = await eventually('the Secret has another key', async () => {
      const keys = await team.keys('leaked-s3');
      return keys.id === leaked.id ? undefined : keys;
    });
    await idleWith('leaked', fresh);
    await fresh.use('leaked');
    expect(await refused()).toBe(true);
    expect(await rotations('Revoked')).toBe(1);
  });

  it('together for all buckets that share it', async () => {
    const shared = (rotationRequest?: string): S3BucketSpec => ({
      credentials: { secretName: 'shared', ...spec('1s', rotationRequest).credentials },
    });
    await team.ready('east', shared());
    await team.ready('west', shared());
    const old = await team.keys('shared');
    await team.apply('west', shared('now'));
    await idle('west', 'now');

    const fresh = await team.keys('shared');
    expect(fresh.id).not.toBe(old.id);
    await fresh.use('east');
    await fresh.use('west');
    expect(await old.tryWriting('east')).toEqual(UNKNOWN);
  });

  it('once, however often the operator is killed: after each of its writes', async () => {
    const { operator } = installation;
    await team.ready('crash', spec('1s'));
    await idle('crash');
    const read = async (): Promise<KeyPair> => (await team.keys('crash-s3')).pair;
    const traffic = new S3Traffic(installation.gateways, 'crash', read, OVERLAP_MS);

    let writes: string[] = [];
    for (let target = 1; ; target++) {
      writes = [];
      const ended = Promise.withResolvers<void>();
      let killed = false;
      operator.tap.afterWrite = async (request) => {
        if (!isStored(request) || writes.push(`${request.namespace}/${request.name}`) !== target) return 'pass';
        killed = true;
        await operator.kill();
        ended.resolve();
        return 'cut';
      };
      const before = { keys: await team.keys('crash-s3'), serial: await serial('crash') };
      const request = `kill after write ${target}`;
      await team.apply('crash', spec('1s', request));
      const settled = idle('crash', request);
      // The last write may come after the status that tells of it.
      const written = eventually('all is written', () => killed || writes.length >= WRITES);
      await Promise.race([Promise.all([settled, written]), ended.promise]);
      operator.tap.afterWrite = () => Promise.resolve('pass');
      if (killed) {
        await ended.promise;
        await operator.start();
      }
      const { status } = await settled;
      const after = await team.keys('crash-s3');
      expect({ target, serial: await serial('crash') }).toEqual({ target, serial: before.serial + 1 });
      expect(status?.credentials?.accessKeyId).toBe(after.id);
      expect(await before.keys.tryWriting('crash')).toEqual(UNKNOWN);
      expect(await after.tryWriting('crash')).toEqual(OK);
      if (!killed) break;
    }
    expect(await traffic.stop()).toEqual([]);
  });

  it('by its age', async () => {
    await eventually('the Secret has another key', async () => (await team.keys('aging-s3')).id !== aging.id);
    await (await team.keys('aging-s3')).use('aging');
    await team.until('aging', 'waits for its next rotation', ({ status: { credentials } = {} }) => {
      const isOver = credentials?.rotationPhase === 'Idle' && credentials.keys?.length === 1;
      return isOver && Date.parse(credentials.nextRotationTime ?? '') > Date.now();
    });
    expect(await aging.tryWriting('aging')).toEqual(UNKNOWN);
  });

  it('costs no request that the roles of the operator refuse', () => {
    expect(installation.requests.filter(({ status }) => status === 403)).toEqual([]);
  });
});

/** What a rotation is stored in. Status and events only tell of it. */
function isStored({ resource }: TappedRequest): boolean {
  return resource === 'secrets' || resource === 'configmaps';
}
