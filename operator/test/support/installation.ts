import type { DocumentKind } from '@bucketway/contract';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Pod } from '../../src/kube/core-objects.js';
import { Reflector } from '../../src/kube/reflector.js';
import { NAMESPACES, PODS } from '../../src/kube/resource.js';
import { GatewayReplica } from './gateway-replica.js';
import type { GatewaySettings } from './gateway-replica.js';
import { FENCED_NAMESPACES, FENCED_RBAC_FILE, RBAC_FILE } from './granted-permissions.js';
import { KubeletWatches } from './kubelet-watches.js';
import { freePorts } from './kube-api-process.js';
import { startKubeApiServer } from './kube-api-server.js';
import type { KubeApiServer } from './kube-api-server.js';
import type { TappedRequest } from './kube-api-tap.js';
import { OperatorReplica } from './operator-replica.js';
import type { OperatorProcessOptions } from './operator-replica.js';
import { Tenant } from './tenant.js';

const CRD = fileURLToPath(new URL('../../../manifests/crds/s3buckets.bucketway.dev.yaml', import.meta.url));
/** Those of the roles in manifests/default. */
export const NAMESPACE = 'bucketway';
const OPERATOR_USER = `system:serviceaccount:${NAMESPACE}:bucketway-operator`;
const GATEWAY_LABELS = { 'app.kubernetes.io/name': 'bucketway', 'app.kubernetes.io/component': 'gateway' };
export const DOCUMENTS = { name: 'bw', shards: 2 } as const;

/** What differs between installations. */
export interface InstallationOptions {
  readonly gateways: number;
  /** Entries of operator.yaml that replace the usual ones. */
  readonly operator?: object;
  /** Documents of each kind; two without. */
  readonly shards?: number;
  /** Operators speak to the API server itself, and nothing writes down what they ask for: for benchmarks. */
  readonly untapped?: boolean;
  /** The operator serves {@link FENCED_NAMESPACES}, and has rights in no other. */
  readonly fenced?: boolean;
  /** Of the operators' processes. */
  readonly operatorEnvironment?: Readonly<Record<string, string>>;
}

/**
 * Everything but nodes: a real API server with RBAC, gateways and operators as processes of their own, and what a kubelet
 * would do for them. The operator has the rights of the manifests and no others.
 */
export class Installation {
  readonly gateways: GatewayReplica[] = [];
  readonly operators: OperatorReplica[] = [];
  private pods: Reflector<Pod> | undefined;
  private readonly kubelets: KubeletWatches | undefined;
  private kubeconfigs = 0;

  private constructor(
    readonly api: KubeApiServer,
    readonly folder: string,
    private readonly settings: GatewaySettings,
    private readonly configuration: object,
    private readonly process: OperatorProcessOptions,
  ) {
    if (process.untapped) this.kubelets = new KubeletWatches(api.client, NAMESPACE);
  }

  static async start(options: InstallationOptions): Promise<Installation> {
    const { gateways, operator, shards = DOCUMENTS.shards, fenced = false } = options;
    const { untapped = false, operatorEnvironment = {} } = options;
    const api = await startKubeApiServer();
    const folder = await mkdtemp(join(tmpdir(), 'installation-'));
    const [s3Port = 0, adminPort = 0] = await freePorts(2);
    const documents = { ...DOCUMENTS, shards };
    for (const name of ['data', 'away']) mkdirSync(join(folder, name));
    const settings = {
      namespace: NAMESPACE,
      labels: GATEWAY_LABELS,
      documents,
      s3Port,
      adminPort,
      storages: [
        { mount: '/', local: { root: join(folder, 'data') } },
        { mount: '/away', local: { root: join(folder, 'away') } },
      ],
    };
    const configuration = {
      namespace: NAMESPACE,
      endpoint: `http://bucketway.${NAMESPACE}.svc:9000`,
      documents,
      gateways: { selector: 'app.kubernetes.io/component=gateway', s3Port, adminPort },
      policy: PERMISSIVE,
      deletionGraceSeconds: 10,
      ...(fenced && { watchNamespaces: FENCED_NAMESPACES }),
      ...operator,
    };
    const installation = new Installation(api, folder, settings, configuration, {
      untapped,
      environment: operatorEnvironment,
    });
    try {
      await installation.install(gateways, fenced);
    } catch (error) {
      await installation.stop();
      throw error;
    }
    return installation;
  }

  /** The operator of installations with one. */
  get operator(): OperatorReplica {
    return this.operators[0] as OperatorReplica;
  }

  /** Requests of all operators. */
  get requests(): readonly TappedRequest[] {
    return this.operators.flatMap(({ tap }) => tap.requests);
  }

  /** Another operator pod, which does not run yet. */
  async addOperator(): Promise<OperatorReplica> {
    const number = ++this.kubeconfigs;
    const [port = 0] = await freePorts(1);
    const replica = await OperatorReplica.create(
      `operator-${number}`,
      join(this.folder, `operator-${number}.yaml`),
      this.configuration,
      { port, kubeconfigPath: await this.api.kubeconfigFor(OPERATOR_USER), ...this.process },
    );
    this.operators.push(replica);
    return replica;
  }

  /** Another gateway pod, which does not run yet. */
  addGateway(): GatewayReplica {
    const number = this.gateways.length;
    const address = `127.0.0.${2 + number}`;
    const folder = join(this.folder, `gateway-${number}`);
    const { kubelets } = this;
    const settings = {
      ...this.settings,
      ...(kubelets && { watched: (kind: DocumentKind, object: string) => kubelets.object(kind, object) }),
    };
    const gateway = new GatewayReplica(`gateway-${number}`, address, folder, settings, this.api.client);
    this.gateways.push(gateway);
    return gateway;
  }

  /** Makes a namespace and whoever uses it. */
  async tenant(namespace: string, labels: Readonly<Record<string, string>> = {}): Promise<Tenant> {
    await this.api.client.create(NAMESPACES, { metadata: { name: namespace, labels } }, { fieldManager: 'test' });
    return this.tenantOf(namespace);
  }

  /** Whoever uses a namespace that is there. */
  tenantOf(namespace: string): Tenant {
    return new Tenant(namespace, this.api.client, this.gateways);
  }

  async stop(): Promise<void> {
    await this.pods?.stop();
    await this.kubelets?.stop();
    await Promise.all(this.operators.map((operator) => operator.kill()));
    await Promise.all(this.gateways.map((gateway) => gateway.kill()));
    await Promise.all(this.operators.map(({ tap }) => tap.stop()));
    await this.api.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async install(gateways: number, fenced: boolean): Promise<void> {
    const { client, kubectl } = this.api;
    // Roles are made in namespaces that there are.
    for (const name of [NAMESPACE, ...(fenced ? FENCED_NAMESPACES : [])]) {
      await client.create(NAMESPACES, { metadata: { name } }, { fieldManager: 'test' });
    }
    await kubectl(['apply', '-f', CRD, '-f', fenced ? FENCED_RBAC_FILE : RBAC_FILE]);
    await kubectl(['wait', '--for=condition=Established', 'crd/s3buckets.bucketway.dev', '--timeout=120s']);
    await this.kubelets?.start();
    this.pods = new Reflector(client, PODS, { namespace: NAMESPACE });
    this.pods.store.onChange(({ after }) => {
      const gateway = this.gateways.find(({ name }) => name === after?.metadata.name);
      if (after !== undefined) gateway?.observe(after);
    });
    this.pods.start();
    await this.pods.synced;
    const operator = await this.addOperator();
    const replicas = Array.from({ length: gateways }, () => this.addGateway());
    await Promise.all([operator.start(), ...replicas.map((gateway) => gateway.start())]);
  }

  /** How tests name the documents: `mappings-0` of `bw-mappings-0`. */
  static documentRef(kind: 'mappings' | 'credentials', shard: number): { namespace: string; name: string } {
    return { namespace: NAMESPACE, name: `${DOCUMENTS.name}-${kind}-${shard}` };
  }
}

/** Every namespace but one may do everything with its own folder, and with /shared and /away. */
const PERMISSIVE = {
  rules: [
    {
      namespaces: { names: ['strict'] },
      defaultPath: '/strict/{name}',
      paths: [{ prefix: '/strict', accessModes: ['ReadOnly'] }],
    },
    {
      namespaces: { names: ['*'] },
      defaultPath: '/{namespace}/{name}',
      paths: [{ prefix: '/{namespace}' }, { prefix: '/shared' }, { prefix: '/away' }],
      overlap: 'Deny',
      allow: { reclaimDelete: true, existingSecret: true, anonymous: ['None', 'Read', 'List', 'ReadList'] },
    },
  ],
};
