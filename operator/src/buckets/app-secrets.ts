import { readFileSync } from 'node:fs';
import { S3_BUCKET_API_VERSION, S3_BUCKET_KIND } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import { Inject, Injectable } from '@nestjs/common';
import { ClusterCache } from '../cluster/cluster-cache.js';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import { buildAppConfigMap, buildAppSecret, judgeExistingSecret } from '../credentials/app-secret.js';
import type { AppSecretInput } from '../credentials/app-secret.js';
import { keyRingName } from '../credentials/key-ring-entry.js';
import type { KeyRecord, KeyRingRef } from '../credentials/key-ring-entry.js';
import type { Secret } from '../kube/core-objects.js';
import { KubeClient } from '../kube/kube-client.js';
import { isKubeError } from '../kube/kube-error.js';
import { objectKey } from '../kube/kube-object.js';
import { CONFIG_MAPS, SECRETS } from '../kube/resource.js';
import { BucketEvents } from './bucket-events.js';
import { ringOf, RingUsers } from './ring-users.js';
import type { RingUser } from './ring-users.js';
import { fails, holds } from './verdict.js';
import type { Verdict } from './verdict.js';

const OWN_FIELDS = { fieldManager: 'bucketway-operator-secret', force: true } as const;

/** Writes the Secrets that apps read: what they say, and nothing that somebody else made. */
@Injectable()
export class AppSecrets {
  private readonly ca: string | undefined;

  constructor(
    private readonly client: KubeClient,
    private readonly cache: ClusterCache,
    private readonly users: RingUsers,
    private readonly events: BucketEvents,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
  ) {
    const { endpointCaFile } = configuration;
    this.ca = endpointCaFile === undefined ? undefined : readFileSync(endpointCaFile, 'utf8');
  }

  /** Makes the Secret of an S3Bucket, and of those that share it, say this key. */
  async ensure(bucket: S3Bucket, key: KeyRecord): Promise<Verdict> {
    const ref = ringOf(bucket);
    if (this.cache.isTerminating(ref.namespace)) {
      return fails('SecretWriteFailed', 'The namespace is being deleted, and takes nothing new.');
    }
    const users = this.users.usersOf(ref);
    const input = this.describe(ref, users as readonly [RingUser, ...RingUser[]], key);
    const wanted = buildAppSecret(input);
    const live = this.cache.appSecrets.get(objectKey(wanted.metadata)) ?? (await this.foreign(ref));
    const judged = judgeExistingSecret(wanted, live);
    if (judged.action === 'conflict') return fails('SecretConflict', judged.message);
    const verdict = holds('CredentialsIssued', `The Secret ${ref.secretName} holds the key ${key.accessKeyId}.`);
    if (judged.action === 'keep') return verdict;
    try {
      await this.write(wanted, judged.action === 'recreate' ? live : undefined);
      const configMap = buildAppConfigMap(input);
      if (configMap !== undefined) await this.client.apply(CONFIG_MAPS, configMap, OWN_FIELDS);
    } catch (error) {
      if (!isKubeError(error, 'Forbidden', 'Invalid')) throw error;
      return fails('SecretWriteFailed', error.message);
    }
    this.events.secretWritten(bucket, ref.secretName, key.accessKeyId, live === undefined ? 'created' : 'updated');
    return verdict;
  }

  /** Removes the Secret of a ring that nobody uses any more, if it is ours. */
  async remove(ref: KeyRingRef): Promise<void> {
    const live = this.cache.appSecrets.get(keyRingName(ref));
    if (live === undefined) return;
    await this.client.delete(SECRETS, live.metadata, { uid: live.metadata.uid });
  }

  private async write(wanted: Secret, replaced: Secret | undefined): Promise<void> {
    if (replaced !== undefined) await this.client.delete(SECRETS, wanted.metadata, { uid: replaced.metadata.uid });
    await this.client.apply(SECRETS, wanted, OWN_FIELDS);
  }

  // A Secret without our label is in no cache of ours; it must be seen before something is applied over it.
  private async foreign({ namespace, secretName: name }: KeyRingRef): Promise<Secret | undefined> {
    return await this.client.get(SECRETS, { namespace, name });
  }

  private describe(ref: KeyRingRef, users: readonly [RingUser, ...RingUser[]], key: KeyRecord): AppSecretInput {
    const { endpoint, region, addressingStyle } = this.configuration;
    const [first, ...others] = users;
    return {
      namespace: ref.namespace,
      name: ref.secretName,
      owners: users.map(({ bucket: { metadata } }) => ({
        apiVersion: S3_BUCKET_API_VERSION,
        kind: S3_BUCKET_KIND,
        name: metadata.name,
        uid: metadata.uid,
      })),
      formats: new Set(users.flatMap(({ granted }) => granted.credentials.formats)),
      facts: {
        bucketNames: [first.granted.bucketName, ...others.map(({ granted }) => granted.bucketName)],
        endpoint,
        region,
        addressingStyle,
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
        ...(this.ca !== undefined && { ca: this.ca }),
      },
      serial: key.serial,
      keyCreatedAt: key.createdAt,
    };
  }
}
