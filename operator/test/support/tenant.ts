import {
  type Condition,
  type ConditionType,
  type S3Bucket,
  type S3BucketSpec,
  S3_BUCKET_API_VERSION,
  S3_BUCKET_KIND,
} from '@bucketway/contract';
import { S3_BUCKETS } from '../../src/cluster/s3-bucket-resource.js';
import type { KeyPair } from '../../src/credentials/key-plan.js';
import type { Secret } from '../../src/kube/core-objects.js';
import type { KubeClient } from '../../src/kube/kube-client.js';
import { EVENTS, SECRETS } from '../../src/kube/resource.js';
import { AppKeys } from './app-keys.js';
import { eventually } from './eventually.js';
import type { GatewayReplica } from './gateway-replica.js';

/** Somebody with a namespace: applies S3Buckets, looks at them, and uses them. */
export class Tenant {
  constructor(
    readonly namespace: string,
    readonly client: KubeClient,
    private readonly gateways: readonly GatewayReplica[],
  ) {}

  /** kubectl apply. */
  async apply(name: string, spec: S3BucketSpec = {}, metadata: object = {}): Promise<S3Bucket> {
    const object = {
      apiVersion: S3_BUCKET_API_VERSION,
      kind: S3_BUCKET_KIND,
      metadata: { namespace: this.namespace, name, ...metadata },
      spec,
    };
    return await this.client.apply(S3_BUCKETS, object as unknown as S3Bucket, { fieldManager: 'user', force: true });
  }

  /** kubectl apply, and kubectl wait for Ready. */
  async ready(name: string, spec?: S3BucketSpec, metadata?: object): Promise<S3Bucket> {
    if (spec !== undefined) await this.apply(name, spec, metadata);
    return await this.until(name, 'is Ready', (bucket) => isCurrent(bucket, 'Ready')?.status === 'True');
  }

  /** kubectl wait for a condition that says this of the current spec, with all of these in its message. */
  async condition(
    name: string,
    type: ConditionType,
    wanted: Partial<Pick<Condition, 'status' | 'reason'>>,
    saying: readonly string[] = [],
  ): Promise<Condition> {
    const what = `has ${type} ${JSON.stringify(wanted)} ${saying.join(', ')}`;
    const says = (bucket: S3Bucket): Condition | undefined => {
      const found = isCurrent(bucket, type);
      if (!saying.every((text) => found?.message.includes(text) === true)) return undefined;
      return found !== undefined && Object.entries(wanted).every(([field, value]) => found[field as 'status'] === value)
        ? found
        : undefined;
    };
    return says(await this.until(name, what, (bucket) => says(bucket) !== undefined)) as Condition;
  }

  /** Waits until the S3Bucket is as a test wants it. */
  async until(
    name: string,
    what: string,
    holds: (bucket: S3Bucket) => boolean,
    patienceMs?: number,
  ): Promise<S3Bucket> {
    return await eventually(
      `S3Bucket ${this.namespace}/${name} ${what}`,
      async () => {
        const bucket = await this.bucket(name);
        if (bucket !== undefined && holds(bucket)) return bucket;
        throw new Error(`its status is ${JSON.stringify(bucket?.status, undefined, 1)}`);
      },
      patienceMs,
    );
  }

  async bucket(name: string): Promise<S3Bucket | undefined> {
    return await this.client.get(S3_BUCKETS, { namespace: this.namespace, name });
  }

  /** kubectl annotate, and the like. */
  async patch(name: string, patch: object): Promise<void> {
    await this.client.patch(S3_BUCKETS, { namespace: this.namespace, name }, patch, { type: 'merge' });
  }

  /** kubectl delete --wait=false. */
  async delete(name: string): Promise<void> {
    await this.client.delete(S3_BUCKETS, { namespace: this.namespace, name });
  }

  /** Waits until the S3Bucket is gone. */
  async gone(name: string, patienceMs?: number): Promise<void> {
    await eventually(
      `S3Bucket ${this.namespace}/${name} is gone`,
      async () => {
        const bucket = await this.bucket(name);
        if (bucket === undefined) return true;
        throw new Error(`its status is ${JSON.stringify(bucket.status, undefined, 1)}`);
      },
      patienceMs,
    );
  }

  async secret(name: string): Promise<Secret | undefined> {
    return await this.client.get(SECRETS, { namespace: this.namespace, name });
  }

  /** What an app with envFrom of the Secret has. */
  async keys(secretName: string): Promise<AppKeys> {
    return await eventually(`Secret ${this.namespace}/${secretName}`, async () => {
      const secret = await this.secret(secretName);
      return secret === undefined ? undefined : AppKeys.ofSecret(secret, this.gateways);
    });
  }

  /** Somebody who has a key pair, from wherever. */
  using(pair: KeyPair): AppKeys {
    return new AppKeys(pair, this.gateways);
  }

  /** Writes a Secret with a key pair of the user. */
  async bringKey(name: string, { accessKeyId, secretAccessKey }: KeyPair): Promise<void> {
    const entries = Object.entries({ accessKey: accessKeyId, secretKey: secretAccessKey });
    const data = Object.fromEntries(entries.map(([entry, text]) => [entry, Buffer.from(text).toString('base64')]));
    const secret: Secret = { metadata: { namespace: this.namespace, name }, data };
    await this.client.apply(SECRETS, secret, { fieldManager: 'user', force: true });
  }

  /** Reasons of the events of an object of this namespace. */
  async events(name: string): Promise<string[]> {
    const { items } = await this.client.list(EVENTS, { namespace: this.namespace });
    return items.filter(({ regarding }) => regarding?.name === name).map(({ reason }) => reason ?? '');
  }
}

/** A condition as it is said of the current spec. */
function isCurrent({ metadata, status }: S3Bucket, type: ConditionType): Condition | undefined {
  const found = status?.conditions?.find((condition) => condition.type === type);
  return found?.observedGeneration === metadata.generation ? found : undefined;
}
