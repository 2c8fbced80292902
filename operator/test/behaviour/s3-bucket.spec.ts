import { writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { S3BucketSecretFormat, S3BucketSpec } from '@bucketway/contract';
import { S3_BUCKETS } from '../../src/cluster/s3-bucket-resource.js';
import type { ConfigMap, Secret } from '../../src/kube/core-objects.js';
import { CONFIG_MAPS, SECRETS } from '../../src/kube/resource.js';
import { eventually } from '../support/eventually.js';
import { DOCUMENTS, Installation } from '../support/installation.js';
import { CertificateAuthority } from '../support/kube-api-certificates.js';
import { NO_KUBE_API_SERVER } from '../support/kube-api-server.js';
import type { Tenant } from '../support/tenant.js';

const OK = ['ok', 'ok'];
const FIRST = { accessKeyId: 'USERSOWNKEY1', secretAccessKey: 'a-secret-that-the-user-made-1' };
const SECOND = { accessKeyId: 'USERSOWNKEY2', secretAccessKey: 'a-secret-that-the-user-made-2' };
const DENIED = ['AccessDenied', 'AccessDenied'];

vi.setConfig({ testTimeout: 300_000 });

describe.skipIf(NO_KUBE_API_SERVER)('an S3Bucket, from apply to use (needs KUBEBUILDER_ASSETS)', () => {
  let installation: Installation;
  let team: Tenant;
  let others: Tenant;
  let folder: string;
  let endpointCaFile: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'endpoint-authority-'));
    endpointCaFile = (await CertificateAuthority.create(join(folder, 'first'))).certificate;
    installation = await Installation.start({ gateways: 2, operator: { endpointCaFile } });
    team = await installation.tenant('team');
    others = await installation.tenant('others');
  });

  afterAll(async () => {
    await installation?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('of four lines becomes Ready, and its Secret works on every gateway at that moment', async () => {
    const { status } = await team.ready('photos', {});

    await (await team.keys('photos-s3')).use('photos');
    expect(status).toMatchObject({
      bucketName: 'photos',
      path: '/team/photos',
      binding: { name: 'photos-s3' },
      programmed: { gateways: '2/2' },
    });
    await team.until('photos', 'has one key, in use', ({ status: { credentials } = {} }) => {
      return credentials?.rotationPhase === 'Idle' && credentials.keys?.[0]?.state === 'Active';
    });
    await eventually('events tell', async () => {
      const told = await team.events('photos');
      return ['Accepted', 'Ready', 'SecretWritten'].every((reason) => told.includes(reason));
    });
  });

  it('can be used by an app that starts with its Secret alone', async () => {
    await team.ready('env', {});

    const data = (await team.secret('env-s3'))?.data ?? {};
    const environment = Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]);
    expect(Object.fromEntries(environment)).toMatchObject({
      AWS_ENDPOINT_URL: 'http://bucketway.bucketway.svc:9000',
      AWS_REGION: 'us-east-1',
      BUCKET_NAME: 'env',
    });
  });

  describe('of a user who brings the key', () => {
    const spec: S3BucketSpec = { credentials: { mode: 'Existing', existingSecretRef: { name: 'brought' } } };

    it('waits for the Secret and works with it', async () => {
      await team.apply('brought', spec);
      await team.condition('brought', 'CredentialsReady', { status: 'False', reason: 'ExistingSecretNotFound' });

      await team.bringKey('brought', FIRST);
      await team.ready('brought');
      await team.using(FIRST).use('brought');
      expect(await team.secret('brought-s3')).toBeUndefined();
      // Seen by the last test.
      await team.bringKey('brought', SECOND);
    });

    it('is told when it is no usable pair, and goes on once it is', async () => {
      await team.bringKey('broken', { accessKeyId: 'USERSBROKENKEY', secretAccessKey: 'with a blank and a newline\n' });
      await team.apply('broken', { credentials: { mode: 'Existing', existingSecretRef: { name: 'broken' } } });
      const wanted = { status: 'False', reason: 'ExistingSecretInvalid' } as const;
      const { message } = await team.condition('broken', 'CredentialsReady', wanted);
      expect(message).not.toContain('blank and a newline');

      const mended = { accessKeyId: 'USERSBROKENKEY', secretAccessKey: 'without-a-blank-or-newline' };
      await team.bringKey('broken', mended);
      await team.ready('broken');
      await team.using(mended).use('broken');
    });

    it('is Ready again with another secret of the same id only once every gateway knows it', async () => {
      const before = { accessKeyId: 'USERSSAMEID', secretAccessKey: 'a-secret-that-the-user-made-3' };
      await team.bringKey('same-id', before);
      await team.ready('same-id', { credentials: { mode: 'Existing', existingSecretRef: { name: 'same-id' } } });
      await team.until('same-id', 'has its key in use', ({ status }) => {
        return status?.credentials?.keys?.[0]?.state === 'Active';
      });
      const [gateway] = installation.gateways;
      if (gateway !== undefined) gateway.kubeletPaused = true;
      const after = { ...before, secretAccessKey: 'a-secret-that-the-user-made-4' };
      await team.bringKey('same-id', after);
      await team.condition('same-id', 'CredentialsReady', { status: 'False', reason: 'WaitingForGateways' });
      await team.condition('same-id', 'Ready', { status: 'False' });

      if (gateway !== undefined) gateway.kubeletPaused = false;
      await gateway?.refresh();
      await team.ready('same-id');
      await team.using(after).use('same-id');
      expect(await team.using(before).tryWriting('same-id')).toEqual([
        'SignatureDoesNotMatch',
        'SignatureDoesNotMatch',
      ]);
    });

    it('is told when another that shares the credentials.secretName brings another key', async () => {
      await team.bringKey('shared-one', { accessKeyId: 'USERSSHARED1', secretAccessKey: 'a-secret-that-is-shared-1' });
      await team.bringKey('shared-two', { accessKeyId: 'USERSSHARED2', secretAccessKey: 'a-secret-that-is-shared-2' });
      const credentials = { mode: 'Existing', secretName: 'shared-ring' } as const;
      await team.ready('shared-a', { credentials: { ...credentials, existingSecretRef: { name: 'shared-one' } } });
      await team.apply('shared-b', { credentials: { ...credentials, existingSecretRef: { name: 'shared-two' } } });

      const wanted = { status: 'False', reason: 'ExistingSecretInvalid' } as const;
      await team.condition('shared-b', 'CredentialsReady', wanted, ['shared-one']);
      await team.ready('shared-a');
    });

    it('is told when another namespace has that key', async () => {
      await team.ready('owned', {});
      const stolen = await team.keys('owned-s3');
      await others.bringKey('stolen', stolen.pair);
      await others.apply('stolen', { credentials: { mode: 'Existing', existingSecretRef: { name: 'stolen' } } });

      await others.condition('stolen', 'CredentialsReady', { status: 'False', reason: 'AccessKeyTaken' });
      await stolen.use('owned');
    });
  });

  describe('changes without a restart of anything', () => {
    it('from ReadWrite to ReadOnly and back, with the same key', async () => {
      await team.ready('modes', { accessMode: 'ReadWrite' });
      const keys = await team.keys('modes-s3');
      await keys.use('modes');

      await team.ready('modes', { accessMode: 'ReadOnly' });
      expect(await keys.tryWriting('modes')).toEqual(DENIED);

      await team.ready('modes', { accessMode: 'ReadWrite' });
      expect(await keys.tryWriting('modes')).toEqual(OK);
      expect((await team.keys('modes-s3')).id).toBe(keys.id);
    });

    it('from private to readable by anybody, and back', async () => {
      const read = async (): Promise<number[]> => {
        const answers = installation.gateways.map(({ url }) => fetch(`${url}/public/try`));
        return (await Promise.all(answers)).map(({ status }) => status);
      };
      await team.ready('public', {});
      await (await team.keys('public-s3')).tryWriting('public');
      expect(await read()).toEqual([403, 403]);

      await team.ready('public', { anonymous: 'Read' });
      expect(await read()).toEqual([200, 200]);

      await team.ready('public', { anonymous: 'None' });
      expect(await read()).toEqual([403, 403]);
    });

    it('which pages of browsers may read it', async () => {
      const allowed = async (): Promise<(string | null)[]> => {
        const headers = { origin: 'https://app.example.com', 'access-control-request-method': 'GET' };
        const asked = installation.gateways.map(({ url }) => fetch(`${url}/web/x`, { method: 'OPTIONS', headers }));
        return (await Promise.all(asked)).map((answer) => answer.headers.get('access-control-allow-origin'));
      };
      await team.ready('web', {});
      expect(await allowed()).toEqual([null, null]);

      await team.ready('web', { cors: [{ allowedOrigins: ['https://app.example.com'], allowedMethods: ['GET'] }] });
      expect(await allowed()).toEqual(['https://app.example.com', 'https://app.example.com']);
    });

    it('not at all while it is suspended', async () => {
      await team.ready('paused', {});
      const keys = await team.keys('paused-s3');
      await team.apply('paused', { suspend: true, accessMode: 'ReadOnly' });
      await team.condition('paused', 'Reconciling', { reason: 'Suspended' });
      expect(await keys.tryWriting('paused')).toEqual(OK);

      await team.ready('paused', { suspend: false, accessMode: 'ReadOnly' });
      expect(await keys.tryWriting('paused')).toEqual(DENIED);
    });
  });

  describe('that may not have what it asks for', () => {
    it.each([
      ['a path of somebody else', 'thief', { path: '/others/data' }, 'PathNotAllowed', '"/others/data"'],
      ['a path above its own', 'climber', { path: '/' }, 'PathNotAllowed', '"/"'],
      ['a namespace without a rule for writing', 'strict', {}, 'AccessModeNotAllowed', 'ReadWrite'],
    ] as const)('says so, and what to change: %s', async (_title, name, spec: S3BucketSpec, reason, text) => {
      const tenant = name === 'strict' ? await installation.tenant('strict') : team;
      await tenant.apply(name, spec);

      const accepted = await tenant.condition(name, 'Accepted', { status: 'False', reason });
      expect(accepted.message).toContain(text);
      await tenant.condition(name, 'Ready', { status: 'False', reason });
      await tenant.condition(name, 'Stalled', { status: 'True' });
      expect(await tenant.secret(`${name}-s3`)).toBeUndefined();
    });

    it('leaves the one that holds the bucket name alone', async () => {
      await team.ready('mine', {});
      const keys = await team.keys('mine-s3');
      await others.apply('mine', {});

      const { message } = await others.condition('mine', 'Accepted', { status: 'False', reason: 'NameTaken' });
      expect(message).not.toContain('team');
      expect(await keys.tryWriting('mine')).toEqual(OK);
      await team.condition('mine', 'Ready', { status: 'True' });
    });

    it('leaves the one that holds the path alone, and gets it when that one is gone and left nothing', async () => {
      await team.ready('first', { path: '/shared/one', reclaimPolicy: 'Delete' });
      const keys = await team.keys('first-s3');
      await keys.use('first');
      await others.apply('second', { path: '/shared/one' });
      await others.condition('second', 'Accepted', { status: 'False', reason: 'PathTaken' });
      expect(await keys.tryWriting('first')).toEqual(OK);

      await team.delete('first');
      await team.gone('first');
      await others.ready('second');
      await (await others.keys('second-s3')).use('second');
    });

    it('is told of a path above or below it that somebody holds', async () => {
      await team.ready('deep', { path: '/shared/deep/er' });
      await others.apply('above', { path: '/shared/deep' });
      await others.apply('below', { path: '/shared/deep/er/still' });

      await others.condition('above', 'Accepted', { status: 'False', reason: 'PathOverlap' });
      await others.condition('below', 'Accepted', { status: 'False', reason: 'PathOverlap' });
    });
  });

  describe('hands its key out', () => {
    const FORMATS: readonly [S3BucketSecretFormat, readonly string[]][] = [
      ['AWS', ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL', 'BUCKET_NAME']],
      ['OBC', ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'BUCKET_HOST', 'BUCKET_PORT']],
      ['COSI', ['COSI_S3_ACCESS_KEY_ID', 'COSI_S3_ACCESS_SECRET_KEY', 'COSI_S3_ENDPOINT']],
      ['Files', ['credentials', 'config', 'rclone.conf']],
      ['ServiceBinding', ['type', 'access-key-id', 'secret-access-key', 'endpoint']],
    ];

    it.each(FORMATS)('in the format %s', async (format, entries) => {
      const name = `format-${format.toLowerCase()}`;
      await team.ready(name, { credentials: { formats: [format] } });

      const secret = await team.secret(`${name}-s3`);
      expect(Object.keys(secret?.data ?? {})).toEqual(expect.arrayContaining([...entries]));
      await (await team.keys(`${name}-s3`)).use(name);
      const configMap = await team.client.get(CONFIG_MAPS, { namespace: 'team', name: `${name}-s3` });
      expect(configMap?.data?.['BUCKET_NAME']).toBe(format === 'OBC' ? name : undefined);
    });

    it('with the authority of the endpoint, and with another one once that was renewed', async () => {
      await team.ready('trusting', { credentials: { formats: ['Files'] } });
      const authority = async (): Promise<string> =>
        Buffer.from((await team.secret('trusting-s3'))?.data?.['ca.crt'] ?? '', 'base64').toString();
      expect(await authority()).toBe(await readFile(endpointCaFile, 'utf8'));

      const renewed = await readFile((await CertificateAuthority.create(join(folder, 'second'))).certificate, 'utf8');
      await writeFile(`${endpointCaFile}.new`, renewed);
      await rename(`${endpointCaFile}.new`, endpointCaFile);
      await eventually('the Secret holds the renewed authority', async () => (await authority()) === renewed);
    });

    it('in another format, once somebody asks for another one', async () => {
      await team.ready('reformed', {});
      const before = await team.keys('reformed-s3');
      await team.ready('reformed', { credentials: { formats: ['ServiceBinding'] } });

      const secret = await eventually('the Secret has the type of bindings', async () => {
        const live = await team.secret('reformed-s3');
        return live?.type === 'servicebinding.io/s3' ? live : undefined;
      });
      expect(Object.keys(secret.data ?? {})).not.toContain('AWS_ACCESS_KEY_ID');
      expect((await team.keys('reformed-s3')).id).toBe(before.id);
    });

    it('together with another that names the same Secret: one key opens both', async () => {
      const credentials = { secretName: 'both' };
      await team.ready('left', { credentials });
      const alone = await team.keys('both');
      await team.ready('right', { credentials });
      await team.ready('left');

      const keys = await team.keys('both');
      expect(keys.id).toBe(alone.id);
      await keys.use('left');
      await keys.use('right');
      const names = await eventually('the Secret names both buckets', async () => {
        const entry = (await team.secret('both'))?.data?.['BUCKET_NAMES'];
        return entry && Buffer.from(entry, 'base64').toString();
      });
      expect(names).toBe('left,right');
      const created = Date.parse((await team.bucket('left'))?.metadata.creationTimestamp ?? '');
      await eventually('one that is made now is younger', () => Date.now() > created + 1000);
      await team.ready('ahead', { credentials });
      await eventually('the Secret names all, and first the one that it named first', async () => {
        const { BUCKET_NAME = '', BUCKET_NAMES = '' } = (await team.secret('both'))?.data ?? {};
        return atob(BUCKET_NAMES).split(',').length === 3 && atob(BUCKET_NAME) === 'left';
      });
      await team.delete('ahead');
      await team.gone('ahead');

      await team.delete('left');
      await team.gone('left');
      await keys.use('right');
      expect(await keys.tryWriting('left')).toEqual(['NoSuchBucket', 'NoSuchBucket']);
    });

    it('never over a Secret that somebody else made', async () => {
      const own = { metadata: { namespace: 'team', name: 'occupied-s3' }, data: { token: 'c2VjcmV0' } } as Secret;
      await team.client.create(SECRETS, own, { fieldManager: 'user' });
      await team.apply('occupied', {});
      await team.condition('occupied', 'CredentialsReady', { status: 'False', reason: 'SecretConflict' });
      expect((await team.secret('occupied-s3'))?.data).toEqual({ token: 'c2VjcmV0' });

      await team.client.delete(SECRETS, own.metadata);
      await team.ready('occupied');
    });

    it('never over a ConfigMap that somebody else made, which keeps nobody from the Secret', async () => {
      const own = { metadata: { namespace: 'team', name: 'settled-s3' }, data: { colour: 'blue' } } as ConfigMap;
      await team.client.create(CONFIG_MAPS, own, { fieldManager: 'user' });
      await team.apply('settled', { credentials: { formats: ['AWS', 'OBC'] } });
      const wanted = { status: 'False', reason: 'SecretConflict' } as const;
      await team.condition('settled', 'CredentialsReady', wanted, ['ConfigMap settled-s3']);
      const live = await team.client.get(CONFIG_MAPS, own.metadata);
      expect(live).toMatchObject({ data: { colour: 'blue' } });
      expect(live?.metadata.ownerReferences).toBeUndefined();
      await (await team.keys('settled-s3')).use('settled');

      await team.ready('settled', { credentials: { formats: ['AWS'] } });
      expect((await team.client.get(CONFIG_MAPS, own.metadata))?.data).toEqual({ colour: 'blue' });
      await team.client.delete(CONFIG_MAPS, own.metadata);
      await team.ready('settled', { credentials: { formats: ['AWS', 'OBC'] } });
      expect((await team.client.get(CONFIG_MAPS, own.metadata))?.data?.['BUCKET_NAME']).toBe('settled');
    });

    it('not where an admission policy refuses its Secret, and says which', async () => {
      const policy = {
        apiVersion: 'v1',
        kind: 'List',
        items: [
          {
            apiVersion: 'admissionregistration.k8s.io/v1',
            kind: 'ValidatingAdmissionPolicy',
            metadata: { name: 'no-unwanted' },
            spec: {
              matchConstraints: {
                resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['secrets'] }],
              },
              validations: [
                {
                  expression: "request.operation == 'DELETE' || object.metadata.name != 'unwanted-s3'",
                  messageExpression: "'it holds ' + string(object.data['AWS_SECRET_ACCESS_KEY'])",
                  message: 'no',
                  reason: 'RequestEntityTooLarge',
                },
              ],
            },
          },
          {
            apiVersion: 'admissionregistration.k8s.io/v1',
            kind: 'ValidatingAdmissionPolicyBinding',
            metadata: { name: 'everywhere' },
            spec: { policyName: 'no-unwanted', validationActions: ['Deny'] },
          },
        ],
      };
      const file = join(installation.folder, 'policy.json');
      writeFileSync(file, JSON.stringify(policy));
      await installation.api.kubectl(['apply', '-f', file]);
      const probe = {
        metadata: { namespace: 'team', name: 'unwanted-s3' },
        data: { AWS_SECRET_ACCESS_KEY: 'c2VjcmV0' },
      };
      await eventually('the policy is in force', async () => {
        try {
          await team.client.create(SECRETS, probe, { fieldManager: 'user' });
          await team.client.delete(SECRETS, probe.metadata);
          return false;
        } catch (error) {
          return String(error).includes('413');
        }
      });
      await team.apply('unwanted', {});
      const wanted = { status: 'False', reason: 'SecretWriteFailed' } as const;
      const { message } = await team.condition('unwanted', 'CredentialsReady', wanted, ["'no-unwanted'"]);
      expect(message).not.toContain('it holds');
      await eventually('an event tells', async () => (await team.events('unwanted')).includes('SecretWriteFailed'));

      await installation.api.kubectl(['delete', '-f', file]);
      await team.ready('unwanted');
    });

    it.each(['Read', 'List'] as const)('not at all, to those who may %s without one', async (anonymous) => {
      const name = `open-${anonymous.toLowerCase()}`;
      await team.ready(name, { credentials: { mode: 'None' }, anonymous });
      await team.condition(name, 'BackendReachable', { status: 'True' }, ['An anonymous request']);
    });

    it('not at all where none is asked for', async () => {
      await team.ready('keyless', { credentials: { mode: 'None' }, anonymous: 'ReadList' });

      expect(await team.secret('keyless-s3')).toBeUndefined();
      const answers = await Promise.all(installation.gateways.map(({ url }) => fetch(`${url}/keyless`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    });
  });

  it('takes up another key that its user brought meanwhile', async () => {
    await eventually('the new key works on every gateway', () =>
      team
        .using(SECOND)
        .use('brought')
        .then(() => true),
    );
    await team.using(FIRST).use('brought');
  });

  describe('as Prometheus sees it', () => {
    const metric = async (name: string, labels?: Readonly<Record<string, string>>): Promise<number> =>
      await installation.operator.metric(`bucketway_operator_${name}`, labels);

    it('is counted by what Ready says', async () => {
      const { items } = await installation.api.client.list(S3_BUCKETS, {});
      const saying = (wanted: string): number =>
        items.filter(({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.reason === wanted)
          .length;
      await eventually('every S3Bucket is counted', async () => (await metric('buckets')) === items.length);
      expect(await metric('buckets', { ready: 'True', reason: 'Ready' })).toBe(saying('Ready'));
      expect(await metric('buckets', { ready: 'False', reason: 'NameTaken' })).toBe(saying('NameTaken'));
    });

    it('took a time, once for each change of which it became Ready', async () => {
      const before = await metric('propagation_seconds_count');
      await team.ready('timed', {});
      await eventually('it is observed', async () => (await metric('propagation_seconds_count')) === before + 1);
      expect(await metric('propagation_seconds_sum')).toBeGreaterThan(0);
      await team.ready('timed', { accessMode: 'ReadOnly' });
      await eventually('so is its change', async () => (await metric('propagation_seconds_count')) === before + 2);
    });

    it('is in documents of which every gateway has the revision that is stored', async () => {
      for (const kind of ['mappings', 'credentials']) {
        for (let shard = 0; shard < DOCUMENTS.shards; shard++) {
          const document = { document: `${kind}-${shard}` };
          const published = await metric('published_revision', document);
          expect(published).toBeGreaterThan(0);
          await eventually(`gateways have ${kind} ${shard}`, async () => {
            return (await metric('acknowledged_revision', document)) === (await metric('published_revision', document));
          });
        }
      }
    });

    it('was refused for the name and the path of others', async () => {
      for (const reason of ['NameTaken', 'PathTaken', 'PathOverlap']) {
        expect(await metric('claim_conflicts_total', { reason })).toBeGreaterThan(0);
      }
    });

    it('has an operator that is well and works', async () => {
      expect(await installation.operator.health('/healthz')).toBe('200 ok');
      expect(await installation.operator.health('/readyz')).toBe('200 ok');
      expect(await metric('leader')).toBe(1);
      expect(await metric('gateways', { state: 'ready' })).toBe(2);
    });
  });

  it('costs no request that the roles of the operator refuse', () => {
    const refused = installation.requests.filter(({ status }) => status === 403);
    expect(refused).toEqual([]);
  });
});
