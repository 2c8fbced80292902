import { Injectable } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { judgeExistingConfigMap, judgeExistingSecret } from '../../credentials/app-secret.js';
import type { AppObjectVerdict } from '../../credentials/app-secret.js';
import { keyRingName } from '../../credentials/key-ring-entry.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { lastManager } from '../../documents/drift.js';
import type { ConfigMap, Secret } from '../../kube/core-objects.js';
import { KubeClient } from '../../kube/kube-client.js';
import { objectKey } from '../../kube/kube-object.js';
import type { ObjectRef } from '../../kube/kube-object.js';
import { CONFIG_MAPS, SECRETS } from '../../kube/resource.js';
import type { Resource } from '../../kube/resource.js';
import type { Store } from '../../kube/store.js';

const FIELD_MANAGER = 'bucketway-operator-secret';

/** What was found where an object of an app belongs. */
export type AppObjectOutcome = AppObjectVerdict & {
  /** The field manager of an edit, such as `kubectl-edit`, where the API server told. */
  readonly manager?: string;
};

/** Secrets for apps, or the ConfigMaps beside them. */
interface AppObjectKind<T extends ConfigMap | Secret> {
  readonly resource: Resource<T>;
  /** Those with our label. */
  readonly known: Store<T>;
  readonly judge: (wanted: T, live: T | undefined) => AppObjectVerdict;
}

/** Writes the Secrets and ConfigMaps that apps read, where they say something else, and never over somebody else's. */
@Injectable()
export class AppObjects {
  private readonly secrets: AppObjectKind<Secret>;
  private readonly configMaps: AppObjectKind<ConfigMap>;

  constructor(
    private readonly client: KubeClient,
    cache: ClusterCache,
  ) {
    this.secrets = { resource: SECRETS, known: cache.appSecrets, judge: judgeExistingSecret };
    this.configMaps = { resource: CONFIG_MAPS, known: cache.appConfigMaps, judge: judgeExistingConfigMap };
  }

  /** @returns what was found, and but for a conflict is as it should be now @throws KubeError */
  async putSecret(wanted: Secret): Promise<AppObjectOutcome> {
    return await this.put(this.secrets, wanted);
  }

  /** The same for a ConfigMap. */
  async putConfigMap(wanted: ConfigMap): Promise<AppObjectOutcome> {
    return await this.put(this.configMaps, wanted);
  }

  /** Removes the Secret of a ring, if it is ours. */
  async removeSecret(ref: KeyRingRef): Promise<void> {
    await this.remove(this.secrets, ref);
  }

  /** The same for its ConfigMap. */
  async removeConfigMap(ref: KeyRingRef): Promise<void> {
    await this.remove(this.configMaps, ref);
  }

  private async put<T extends ConfigMap | Secret>(
    { resource, known, judge }: AppObjectKind<T>,
    wanted: T,
  ): Promise<AppObjectOutcome> {
    const { metadata } = wanted;
    // What has no label of ours is in no cache of ours; it must be seen before something is applied over it.
    const live = known.get(objectKey(metadata)) ?? (await this.client.get(resource, metadata));
    const verdict = judge(wanted, live);
    if (verdict.action === 'keep' || verdict.action === 'conflict') return verdict;
    const manager = verdict.edited ? await this.lastManager(resource, metadata) : undefined;
    if (verdict.action === 'recreate') await this.client.delete(resource, metadata, { uid: live?.metadata.uid });
    await this.client.apply(resource, wanted, { fieldManager: FIELD_MANAGER, force: true });
    return manager === undefined ? verdict : { ...verdict, manager };
  }

  // Caches leave it out.
  private async lastManager(resource: Resource<ConfigMap | Secret>, ref: ObjectRef): Promise<string | undefined> {
    const manager = lastManager((await this.client.get(resource, ref))?.metadata);
    return manager === FIELD_MANAGER ? undefined : manager;
  }

  private async remove<T extends ConfigMap | Secret>(
    { resource, known }: AppObjectKind<T>,
    ref: KeyRingRef,
  ): Promise<void> {
    const live = known.get(keyRingName(ref));
    if (live !== undefined) await this.client.delete(resource, live.metadata, { uid: live.metadata.uid });
  }
}
