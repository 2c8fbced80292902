import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { ConfigMap, Namespace, Pod, Secret } from '../kube/core-objects.js';
import type { Clock } from '../kube/clock.js';
import { KubeClient } from '../kube/kube-client.js';
import { CLOCK } from '../kube/kube.tokens.js';
import type { KubeObject } from '../kube/kube-object.js';
import { Reflector } from '../kube/reflector.js';
import { CONFIG_MAPS, NAMESPACES, PODS, SECRETS } from '../kube/resource.js';
import type { Resource } from '../kube/resource.js';
import type { Store } from '../kube/store.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { DOCUMENT_SELECTOR } from '../documents/document-names.js';
import { MANAGED_SELECTOR } from './managed-selector.js';
import { S3_BUCKETS } from './s3-bucket-resource.js';

/** A silence of a watch that a restart may mend, in milliseconds: bookmarks come about once a minute. */
const SILENCE_MS = 10 * 60_000;

type Selection = Partial<Record<'namespace' | 'labelSelector' | 'fieldSelector', string>> & {
  namespaces?: readonly string[];
};

/**
 * What the operator knows of the cluster: a copy of every object that it decides by, kept up to date by watches.
 * Replicas that stand by keep theirs too, so that a hand-over takes no relist.
 */
@Injectable()
export class ClusterCache implements OnApplicationShutdown {
  readonly s3Buckets: Store<S3Bucket>;
  readonly namespaces: Store<Namespace>;
  readonly gatewayPods: Store<Pod>;
  /** ConfigMaps with mappings. */
  readonly mappings: Store<ConfigMap>;
  /** Secrets with credentials and the ledger of keys. */
  readonly credentials: Store<Secret>;
  /** The ConfigMap with the paths of deleted S3Buckets whose data stays. */
  readonly retained: Store<ConfigMap>;
  /** Secrets that were made for apps. */
  readonly appSecrets: Store<Secret>;
  /** ConfigMaps that were made for apps, beside their Secrets. */
  readonly appConfigMaps: Store<ConfigMap>;
  private readonly watchNamespaces: readonly string[];
  private readonly log = new Logger('cluster');
  private readonly reflectors: { readonly resource: string; readonly reflector: Reflector<KubeObject> }[] = [];

  constructor(
    private readonly client: KubeClient,
    @Inject(OperatorConfiguration) configuration: OperatorConfiguration,
    private readonly metrics: OperatorMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    const { namespace, documents, gateways, watchNamespaces } = configuration;
    this.watchNamespaces = watchNamespaces;
    const everywhere = watchNamespaces.length === 0 ? {} : { namespaces: watchNamespaces };
    this.s3Buckets = this.reflect(S3_BUCKETS, everywhere);
    this.namespaces = this.reflect(NAMESPACES, {});
    this.gatewayPods = this.reflect(PODS, { namespace, labelSelector: gateways.selector });
    this.mappings = this.reflect(CONFIG_MAPS, { namespace, labelSelector: DOCUMENT_SELECTOR });
    this.credentials = this.reflect(SECRETS, { namespace, labelSelector: DOCUMENT_SELECTOR });
    this.retained = this.reflect(CONFIG_MAPS, { namespace, fieldSelector: `metadata.name=${documents.name}-retained` });
    this.appSecrets = this.reflect(SECRETS, { ...everywhere, labelSelector: MANAGED_SELECTOR });
    this.appConfigMaps = this.reflect(CONFIG_MAPS, { ...everywhere, labelSelector: MANAGED_SELECTOR });
  }

  /** Begins to watch. Resolves when everything was read once, however long the API server is away. */
  async start(): Promise<void> {
    for (const { reflector } of this.reflectors) reflector.start();
    await Promise.all(this.reflectors.map(({ reflector }) => reflector.synced));
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all(this.reflectors.map(({ reflector }) => reflector.stop()));
  }

  /** Whether S3Buckets of a namespace are known here. What others have is somebody else's matter. */
  watches(namespace: string): boolean {
    return this.watchNamespaces.length === 0 || this.watchNamespaces.includes(namespace);
  }

  /** Whether a namespace is on its way out: the API server refuses whatever would be made in it. */
  isTerminating(namespace: string): boolean {
    return this.namespaces.get(namespace)?.status?.phase === 'Terminating';
  }

  /** The watch that has heard nothing for too long; undefined where all are well. */
  silent(): string | undefined {
    const now = this.clock.now();
    const silent = this.reflectors.find(({ reflector }) => now - reflector.lastContactMs > SILENCE_MS);
    return silent === undefined ? undefined : `the watch of ${silent.resource} has heard nothing for too long`;
  }

  private reflect<T extends KubeObject>(resource: Resource<T>, selection: Selection): Store<T> {
    const name = resource.plural;
    const reflector = new Reflector<T>(this.client, resource, {
      ...selection,
      clock: this.clock,
      onError: (error) => {
        this.metrics.watchFailures.inc({ resource: name });
        this.log.warn(`watch of ${name}: ${error instanceof Error ? error.message : String(error)}`);
      },
      metrics: { missed: (changes) => this.metrics.missedEvents.inc({ resource: name }, changes) },
    });
    this.reflectors.push({ resource: name, reflector: reflector as unknown as Reflector<KubeObject> });
    return reflector.store;
  }
}
