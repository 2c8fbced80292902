import { S3_BUCKET_API_VERSION, S3_BUCKET_KIND } from '@bucketway/contract';
import type { S3Bucket } from '@bucketway/contract';
import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { accessKeyIdOfSecret, buildAppConfigMap, buildAppSecret } from '../../credentials/app-secret.js';
import type { AppSecretInput } from '../../credentials/app-secret.js';
import { keyRingName } from '../../credentials/key-ring-entry.js';
import type { KeyRecord, KeyRingRef } from '../../credentials/key-ring-entry.js';
import { AppEndpoint } from './app-endpoint.js';
import { byAge } from '../../kube/kube-object.js';
import { isRejection } from '../../kube/kube-error.js';
import { AppObjects } from './app-objects.js';
import { BucketEvents } from '../status/bucket-events.js';
import { ringOf, RingUsers } from './ring-users.js';
import type { RingUser } from './ring-users.js';
import { fails, holds } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** What apps read: a Secret and, for those of ObjectBucketClaims, a ConfigMap of its name. Never what somebody else made. */
@Injectable()
export class AppSecrets {
  constructor(
    private readonly objects: AppObjects,
    private readonly cache: ClusterCache,
    private readonly users: RingUsers,
    private readonly events: BucketEvents,
    private readonly endpoint: AppEndpoint,
  ) {}

  /** Makes the Secret of an S3Bucket, and of those that share it, say this key. */
  async ensure(bucket: S3Bucket, key: KeyRecord): Promise<Verdict> {
    const ref = ringOf(bucket);
    if (this.cache.isTerminating(ref.namespace)) {
      return fails('SecretWriteFailed', 'The namespace is being deleted, and takes nothing new.');
    }
    const users = this.users.usersOf(ref);
    const input = this.describe(ref, users as readonly [RingUser, ...RingUser[]], key);
    try {
      const secret = await this.objects.putSecret(buildAppSecret(input));
      if (secret.action === 'conflict') return fails('SecretConflict', secret.message);
      this.events.secretPut(bucket, ref.secretName, key.accessKeyId, secret);
      const configMap = buildAppConfigMap(input);
      if (configMap === undefined) await this.objects.removeConfigMap(ref);
      else {
        const beside = await this.objects.putConfigMap(configMap);
        if (beside.action === 'conflict') return fails('SecretConflict', beside.message);
        // Where the Secret is as it was, nobody asks for the ConfigMap since now only.
        if (secret.action === 'keep') this.events.configMapPut(bucket, ref.secretName, key.accessKeyId, beside);
      }
    } catch (error) {
      if (!isRejection(error)) throw error;
      return fails('SecretWriteFailed', error.message);
    }
    return holds('CredentialsIssued', `The Secret ${ref.secretName} holds the key ${key.accessKeyId}.`);
  }

  /** Whether the Secret of a ring holds this key. */
  hold(ref: KeyRingRef, { accessKeyId }: KeyRecord): boolean {
    return accessKeyIdOfSecret(this.cache.appSecrets.get(keyRingName(ref))) === accessKeyId;
  }

  /** Removes what a ring has that nobody uses any more, if it is ours. */
  async remove(ref: KeyRingRef): Promise<void> {
    await this.objects.removeSecret(ref);
    await this.objects.removeConfigMap(ref);
  }

  private describe(ref: KeyRingRef, users: readonly [RingUser, ...RingUser[]], key: KeyRecord): AppSecretInput {
    // BUCKET_NAME is the first: it must not become another one when an S3Bucket joins.
    const [first, ...others] = users.toSorted((a, b) => byAge(a.bucket.metadata, b.bucket.metadata)) as [
      RingUser,
      ...RingUser[],
    ];
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
        ...this.endpoint.facts,
        accessKeyId: key.accessKeyId,
        secretAccessKey: key.secretAccessKey,
      },
      serial: key.serial,
      keyCreatedAt: key.createdAt,
    };
  }
}
