import type { MappedBucket } from '@bucketway/contract';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ClaimOwner, Incumbent, Tombstone } from '../claims/claim.js';
import { ClaimLedger } from '../claims/claim-ledger.js';
import { ownerKey } from '../claims/owner-key.js';
import { parseTombstones, tombstoneText } from '../claims/tombstone-text.js';
import type { ParsedTombstones } from '../claims/tombstone-text.js';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { ConfigMap } from '../kube/core-objects.js';
import { KubeClient } from '../kube/kube-client.js';
import { isKubeError } from '../kube/kube-error.js';
import { CONFIG_MAPS } from '../kube/resource.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { RetainedPathsError } from './retained-paths-error.js';
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
  /** What is wrong with the ConfigMap, so that it is not known which paths hold somebody's data. */
  private broken: string | undefined;
  /** S3Buckets that were refused for that. */
  private readonly refused = new Map<string, ClaimOwner>();

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
    const read = readRetained(await this.client.get(CONFIG_MAPS, this.retainedRef()));
    this.broken = 'mistake' in read ? read.mistake : undefined;
    if (this.broken !== undefined) this.log.error(`${this.brokenText()} (${this.broken})`);
    const tombstones = 'mistake' in read ? [] : read.tombstones;
    this.listed = new Set(tombstones.map(({ path }) => path));
    this.current = new ClaimLedger({
      incumbents: published.flatMap(toIncumbent),
      tombstones,
      caseInsensitivePaths: this.tenancy.policy.caseInsensitivePaths,
    });
  }

  /**
   * Why an S3Bucket cannot have what others may have left data at; undefined where that is known. What it holds already, it
   * keeps.
   */
  refusal({ owner, bucketName, path }: Pick<Incumbent, 'owner' | 'bucketName' | 'path'>): string | undefined {
    if (this.broken === undefined) return undefined;
    const held = this.ledger.heldBy(owner);
    if (held?.bucketName === bucketName && held.path === path) return undefined;
    this.refused.set(ownerKey(owner), owner);
    return this.brokenText();
  }

  /**
   * Releases what an S3Bucket holds.
   *
   * @returns S3Buckets that can have it now
   * @throws RetainedPathsError where it cannot be remembered; nothing is released
   */
  async release(owner: ClaimOwner, retain: boolean): Promise<readonly ClaimOwner[]> {
    this.assertRemembered(owner, retain);
    this.owed.push(...this.ledger.release(owner, { retain }).requeue);
    // Where this fails, whoever asks again is told: by then the ledger has nothing to release.
    await this.keepTombstones();
    return this.owed.splice(0);
  }

  /** @throws RetainedPathsError where the path of an S3Bucket could not be remembered */
  assertRemembered(owner: ClaimOwner, retain: boolean): void {
    const held = this.ledger.heldBy(owner);
    if (this.broken === undefined || !retain || held?.owner.uid !== owner.uid) return;
    this.refused.set(ownerKey(owner), owner);
    throw new RetainedPathsError(this.brokenText());
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
    const read = readRetained(configMap);
    if ('mistake' in read) {
      this.log.warn(`no path is free by the change of ${this.retainedName}: ${read.mistake}`);
      return [];
    }
    const { tombstones } = read;
    const freed = this.mend(tombstones);
    const before = this.listed;
    this.listed = new Set(tombstones.map(({ path }) => path));
    const gone = [...before].filter((path) => !this.listed.has(path));
    return [...freed, ...gone.flatMap((path) => this.ledger.clearTombstone(path))];
  }

  /** What could not be read can be. @returns those that were refused for it */
  private mend(tombstones: readonly Tombstone[]): readonly ClaimOwner[] {
    if (this.broken === undefined) return [];
    this.broken = undefined;
    this.log.log(`${this.retainedName} was mended`);
    this.ledger.remember(tombstones);
    const owners = [...this.refused.values()];
    this.refused.clear();
    return owners;
  }

  // Without the mistake, which may quote the path of another tenant.
  private brokenText(): string {
    const name = `${this.configuration.namespace}/${this.retainedName}`;
    return (
      `The entry ${ENTRY} of the ConfigMap ${name}, which says where deleted S3Buckets left data, cannot be read: an ` +
      'administrator mends it, or deletes the ConfigMap to free all paths.'
    );
  }

  private async store(): Promise<void> {
    // What cannot be read must not be written over.
    if (this.broken !== undefined) throw new RetainedPathsError(this.brokenText());
    const changes = this.ledger.tombstoneChanges;
    const wanted = tombstoneText(this.ledger.tombstones());
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

function readRetained(configMap: ConfigMap | undefined): ParsedTombstones {
  const text = configMap?.data?.[ENTRY];
  return text === undefined ? { tombstones: [] } : parseTombstones(text);
}
