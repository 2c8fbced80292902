import type { MappedBucket } from '@bucketway/contract';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ClaimOwner, Incumbent, Tombstone } from '../claims/claim.js';
import { ClaimLedger } from '../claims/claim-ledger.js';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { ConfigMap } from '../kube/core-objects.js';
import { KubeClient } from '../kube/kube-client.js';
import { isKubeError } from '../kube/kube-error.js';
import { CONFIG_MAPS } from '../kube/resource.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { accessModeOf } from './to-mapped-bucket.js';

const ENTRY = 'retained.json';
const FIELD_MANAGER = 'bucketway-operator';

/**
 * The claims of all S3Buckets. Who holds what is in the published mappings; the paths of deleted S3Buckets whose data
 * stays are in a ConfigMap of their own, from which an administrator removes what is nobody's.
 */
@Injectable()
export class Claims {
  private readonly log = new Logger('claims');
  private current: ClaimLedger | undefined;
  /** Paths that the ConfigMap listed when it was seen last. */
  private listed: ReadonlySet<string> = new Set();
  /** The change of the ledger up to which tombstones are stored. */
  private stored = 0;
  private storing: Promise<void> | undefined;
  /** S3Buckets that can have what was released, and were not told yet. */
  private readonly owed: ClaimOwner[] = [];

  constructor(
    private readonly client: KubeClient,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
    private readonly tenancy: TenancyPolicy,
  ) {}

  /** @throws Error before {@link load} */
  get ledger(): ClaimLedger {
    if (this.current === undefined) throw new Error('claims are not loaded: this replica does not lead');
    return this.current;
  }

  /** The ConfigMap that holds the tombstones. */
  get retainedName(): string {
    return `${this.configuration.documents.name}-retained`;
  }

  /** Begins with what is published. */
  async load(published: readonly MappedBucket[]): Promise<void> {
    const tombstones = readTombstones(await this.client.get(CONFIG_MAPS, this.retainedRef()));
    if (tombstones === undefined) {
      throw new Error(
        `the ConfigMap ${this.retainedName} is broken: mend its entry ${ENTRY}, or delete it to free all paths`,
      );
    }
    this.listed = new Set(tombstones.map(({ path }) => path));
    this.current = new ClaimLedger({
      incumbents: published.flatMap(toIncumbent),
      tombstones,
      caseInsensitivePaths: this.tenancy.policy.caseInsensitivePaths,
    });
  }

  /** Releases what an S3Bucket holds. @returns S3Buckets that can have it now */
  async release(owner: ClaimOwner, retain: boolean): Promise<readonly ClaimOwner[]> {
    this.owed.push(...this.ledger.release(owner, { retain }).requeue);
    // Where this fails, whoever asks again is told: by then the ledger has nothing to release.
    await this.keepTombstones();
    return this.owed.splice(0);
  }

  /** Stores the tombstones where they changed: a claim that moved left one, or took one over. */
  async keepTombstones(): Promise<void> {
    while (this.stored !== this.ledger.tombstoneChanges) {
      this.storing ??= this.store().finally(() => (this.storing = undefined));
      await this.storing;
    }
  }

  /**
   * The ConfigMap as a watch brought it: what an administrator took out of it is free. Only what was listed before can
   * be taken out; a version that is older than a tombstone does not list it yet.
   *
   * @returns S3Buckets that can have it now
   */
  observeRetained(configMap: ConfigMap | undefined): readonly ClaimOwner[] {
    const tombstones = readTombstones(configMap);
    if (tombstones === undefined) {
      this.log.warn(`${this.retainedName} is not what was written there; no path is free by it`);
      return [];
    }
    const before = this.listed;
    this.listed = new Set(tombstones.map(({ path }) => path));
    return [...before].filter((path) => !this.listed.has(path)).flatMap((path) => this.ledger.clearTombstone(path));
  }

  private async store(): Promise<void> {
    const changes = this.ledger.tombstoneChanges;
    const wanted = JSON.stringify(this.ledger.tombstones(), undefined, 1);
    const live = await this.client.get(CONFIG_MAPS, this.retainedRef());
    try {
      if (live === undefined) {
        const object = { metadata: this.retainedRef(), data: { [ENTRY]: wanted } };
        await this.client.create(CONFIG_MAPS, object, { fieldManager: FIELD_MANAGER });
      } else if (live.data?.[ENTRY] !== wanted) {
        await this.client.replace(CONFIG_MAPS, { ...live, data: { ...live.data, [ENTRY]: wanted } });
      }
      this.stored = changes;
    } catch (error) {
      // Somebody was faster: it is read again.
      if (!isKubeError(error, 'Conflict', 'AlreadyExists')) throw error;
    }
  }

  private retainedRef(): { readonly namespace: string; readonly name: string } {
    return { namespace: this.configuration.namespace, name: this.retainedName };
  }
}

function toIncumbent(mapping: MappedBucket): Incumbent[] {
  const { name, path, owner } = mapping;
  if (owner === undefined) return [];
  const { namespace, name: ownerName, uid = '' } = owner;
  return [{ owner: { namespace, name: ownerName, uid }, bucketName: name, path, accessMode: accessModeOf(mapping) }];
}

/** Undefined where the entry is not what this program wrote: a hand edit that broke it must not free anybody's data. */
function readTombstones(configMap: ConfigMap | undefined): readonly Tombstone[] | undefined {
  const text = configMap?.data?.[ENTRY];
  if (text === undefined) return [];
  try {
    const tombstones = JSON.parse(text) as readonly Tombstone[];
    return Array.isArray(tombstones) ? tombstones : undefined;
  } catch {
    return undefined;
  }
}
