import type { DocumentKind } from '@bucketway/contract';
import type { ConfigMap, Secret } from '../../src/kube/core-objects.js';
import type { KubeClient } from '../../src/kube/kube-client.js';
import { Reflector } from '../../src/kube/reflector.js';
import { CONFIG_MAPS, SECRETS } from '../../src/kube/resource.js';

/** What kubelets know of the objects that gateways mount: they watch them, and read none when they refresh a volume. */
export class KubeletWatches {
  private readonly configMaps: Reflector<ConfigMap>;
  private readonly secrets: Reflector<Secret>;

  constructor(
    client: KubeClient,
    private readonly namespace: string,
  ) {
    this.configMaps = new Reflector(client, CONFIG_MAPS, { namespace });
    this.secrets = new Reflector(client, SECRETS, { namespace });
  }

  async start(): Promise<void> {
    this.configMaps.start();
    this.secrets.start();
    await Promise.all([this.configMaps.synced, this.secrets.synced]);
  }

  object(kind: DocumentKind, name: string): ConfigMap | Secret | undefined {
    const { store } = kind === 'mappings' ? this.configMaps : this.secrets;
    return store.get(`${this.namespace}/${name}`);
  }

  async stop(): Promise<void> {
    await Promise.all([this.configMaps.stop(), this.secrets.stop()]);
  }
}
