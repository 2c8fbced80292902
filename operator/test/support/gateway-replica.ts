import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { NUDGE_ANNOTATION } from '../../src/gateways/gateway-nudger.js';
import type { ConfigMap, Pod, Secret } from '../../src/kube/core-objects.js';
import type { KubeClient } from '../../src/kube/kube-client.js';
import { CONFIG_MAPS, PODS, SECRETS } from '../../src/kube/resource.js';
import type { Resource } from '../../src/kube/resource.js';
import { NodeProgram } from './node-program.js';
import { ProjectedVolume } from './projected-volume.js';

const BIN = fileURLToPath(new URL('../../../services/gateway/bin/bucketway.js', import.meta.url));
/** From a nudge to the new volume, about as a kubelet has it. */
const KUBELET_MS = 100;

/** What all gateways of an installation have in common. */
export interface GatewaySettings {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly documents: { readonly name: string; readonly shards: number };
  readonly s3Port: number;
  readonly adminPort: number;
  readonly storages: readonly object[];
  /** What the kubelets' watches brought of an object; without, they read it when they refresh. */
  readonly watched?: (kind: 'mappings' | 'credentials', name: string) => ConfigMap | Secret | undefined;
}

/**
 * A gateway pod without a node: the Pod in the API, the program as a process on an address of its own, and the part of a
 * kubelet that writes its volume when somebody touches the Pod.
 */
export class GatewayReplica {
  /** The volume stays as it is, whatever is stored. */
  kubeletPaused = false;
  /** What the gateway finds in its volume instead of what is stored. */
  corrupt: (file: string, text: string) => string = (_file, text) => text;
  private readonly volume: ProjectedVolume;
  private program: NodeProgram | undefined;
  private nudge: string | undefined;
  private refreshing = false;

  constructor(
    readonly name: string,
    readonly address: string,
    private readonly folder: string,
    private readonly settings: GatewaySettings,
    private readonly client: KubeClient,
  ) {
    mkdirSync(folder, { recursive: true });
    this.volume = new ProjectedVolume(join(folder, 'documents'));
  }

  get url(): string {
    return `http://${this.address}:${this.settings.s3Port}`;
  }

  get log(): string {
    return this.program?.output ?? '';
  }

  /** The Pod, its volume and the program; resolves when clients may come. */
  async start(): Promise<void> {
    const { namespace, labels } = this.settings;
    const containers = [{ name: 'gateway', image: 'gateway' }];
    const pod = { metadata: { namespace, name: this.name, labels }, spec: { containers } };
    await this.client.create(PODS, pod, { fieldManager: 'test' });
    await this.refresh();
    await this.run();
    await this.report('True');
  }

  /** Starts the program, as a kubelet starts a container that ended. */
  async run(): Promise<void> {
    const { s3Port, adminPort, storages } = this.settings;
    const configuration = {
      listen: `${this.address}:${s3Port}`,
      admin: `${this.address}:${adminPort}`,
      workers: 1,
      accessLog: 'off',
      storages,
      documents: [this.volume.folder],
    };
    const file = join(this.folder, 'bucketway.yaml');
    writeFileSync(file, JSON.stringify(configuration));
    this.program = new NodeProgram(BIN, ['serve', '--config', file]);
    await this.program.prints('serving S3 on ');
  }

  /** Says whether clients are sent to it, as a kubelet does for its readiness probe. */
  async report(ready: 'True' | 'False'): Promise<void> {
    const status = {
      phase: 'Running',
      podIP: this.address,
      podIPs: [{ ip: this.address }],
      conditions: [{ type: 'Ready', status: ready }],
    };
    const { namespace } = this.settings;
    await this.client.patch(PODS, { namespace, name: this.name }, { status }, { type: 'merge', subresource: 'status' });
  }

  /** The program ends at once. */
  async kill(): Promise<void> {
    await this.program?.end('SIGKILL');
  }

  /** It and its Pod are gone. */
  async remove(): Promise<void> {
    await this.kill();
    await this.client.delete(PODS, { namespace: this.settings.namespace, name: this.name });
  }

  /** What its Pod says now: another annotation makes its kubelet look. */
  observe({ metadata: { annotations } }: Pod): void {
    const nudge = annotations?.[NUDGE_ANNOTATION];
    if (nudge === this.nudge) return;
    this.nudge = nudge;
    if (!this.refreshing) void this.refreshSoon();
  }

  /** Writes what is stored into the volume. */
  async refresh(): Promise<void> {
    if (this.kubeletPaused) return;
    const { documents } = this.settings;
    const files = new Map<string, string>();
    for (let shard = 0; shard < documents.shards; shard++) {
      await Promise.all([this.project(files, 'mappings', shard), this.project(files, 'credentials', shard)]);
    }
    if (this.kubeletPaused) return;
    this.volume.publish(new Map([...files].toSorted(([a], [b]) => a.localeCompare(b))));
  }

  private async refreshSoon(): Promise<void> {
    this.refreshing = true;
    const nudge = this.nudge;
    await delay(KUBELET_MS);
    // An API server that is away: a kubelet keeps the volume and tries again.
    await this.refresh().catch(() => (this.nudge = undefined));
    this.refreshing = false;
    if (this.nudge !== nudge) void this.refreshSoon();
  }

  private async project(files: Map<string, string>, kind: 'mappings' | 'credentials', shard: number): Promise<void> {
    const { namespace, documents } = this.settings;
    const ref = { namespace, name: `${documents.name}-${kind}-${shard}` };
    const file = `${kind}-${shard}.json`;
    const resource: Resource<ConfigMap | Secret> = kind === 'mappings' ? CONFIG_MAPS : SECRETS;
    const { watched } = this.settings;
    const object = watched === undefined ? await this.client.get(resource, ref) : watched(kind, ref.name);
    const value = object?.data?.[file];
    if (value === undefined) return;
    const text = kind === 'mappings' ? value : Buffer.from(value, 'base64').toString();
    files.set(file, this.corrupt(file, text));
  }
}
