import type { MappedBucket } from '@bucketway/contract';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { ClaimOwner, ClaimRequest, ClaimResult, Incumbent, Tombstone } from '../claims/claim.js';
import { ClaimLedger } from '../claims/claim-ledger.js';
import { ownerKey } from '../claims/owner-key.js';
import { parseTombstones, tombstoneText } from '../claims/tombstone-text.js';
import type { ParsedTombstones } from '../claims/tombstone-text.js';
import { OperatorConfiguration } from '../config/operator-configuration.js';
import type { ConfigMap } from '../kube/core-objects.js';
import { KubeClient } from '../kube/kube-client.js';
import { isKubeError } from '../kube/kube-error.js';
import { CONFIG_MAPS } from '../kube/resource.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { TenancyPolicy } from '../policy/tenancy-policy.js';
import { RetainedPathsError } from './retained-paths-error.js';
import { brokenListText, fullListText, RETAINED_ENTRY } from './retained-paths-text.js';
import { accessModeOf } from './to-mapped-bucket.js';

const FIELD_MANAGER = 'bucketway-operator';

/**
 * The claims of all S3Buckets. Who holds what is in the published mappings; the paths of deleted S3Buckets whose data
 * stays are in a ConfigMap of their own, from which an administrator removes what is nobody's.
 */
@Injectable()
export class Claims {
  private readonly log = new Logger('claims');
  private current: ClaimLedger | undefined;
  /** Paths that the ConfigMap listed when it was seen last, and since when. */
  private listed: ReadonlyMap<string, string> = new Map();
  /** Where {@link load} read it. A watch may have begun before, and tells of older versions. */
  private readAt: string | undefined;
  /** The change of the ledger up to which tombstones are stored. */
  private stored = 0;
  private storing: Promise<void> | undefined;
  /** S3Buckets whose claims changed tombstones, and the change of the ledger that must be stored before they go on. */
  private readonly unstored = new Map<string, number>();
  /** S3Buckets that can have what was released, and were not told yet. */
  private readonly owed: ClaimOwner[] = [];
  /** What is wrong with the ConfigMap, so that it is not known which paths hold somebody's data. */
  private broken: string | undefined;
  /** S3Buckets that wait for it to be mended, or for room in it. */
  private readonly refused = new Map<string, ClaimOwner>();

  constructor(
    private readonly client: KubeClient,
    @Inject(OperatorConfiguration) private readonly configuration: OperatorConfiguration,
    private readonly tenancy: TenancyPolicy,
    private readonly metrics: OperatorMetrics,
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
    const configMap = await this.client.get(CONFIG_MAPS, this.retainedRef());
    this.readAt = configMap?.metadata.resourceVersion;
    const read = readRetained(configMap);
    this.broken = 'mistake' in read ? read.mistake : undefined;
    if (this.broken !== undefined) this.log.error(`${brokenListText(this.listName)} (${this.broken})`);
    const tombstones = 'mistake' in read ? [] : read.tombstones;
    this.listed = listOf(tombstones);
    this.current = new ClaimLedger({
      incumbents: published.flatMap(toIncumbent),
      tombstones,
      caseInsensitivePaths: this.tenancy.policy.caseInsensitivePaths,
    });
    this.count();
    this.tellUnwatched();
  }

  /**
   * Why an S3Bucket cannot have what others may have left data at; undefined where that is known. What it holds already, it
   * keeps.
   */
  refusal({ owner, bucketName, path }: Pick<Incumbent, 'owner' | 'bucketName' | 'path'>): string | undefined {
    if (this.broken === undefined) return undefined;
    const held = this.ledger.heldBy(owner);
    if (held?.bucketName === bucketName && held.path === path) return undefined;
    this.wait(owner);
    return brokenListText(this.listName);
  }

  /**
   * Releases what an S3Bucket holds.
   *
   * @returns S3Buckets that can have it now
   * @throws RetainedPathsError where it cannot be remembered; nothing is released
   */
  async release(owner: ClaimOwner, retain: boolean): Promise<readonly ClaimOwner[]> {
    this.assertRemembered(owner, retain);
    const before = this.ledger.tombstoneChanges;
    const { requeue } = this.ledger.release(owner, { retain });
    this.note(before, [owner, ...requeue]);
    this.owed.push(...requeue);
    // Where this fails, whoever asks again is told: by then the ledger has nothing to release.
    await this.keepTombstones(owner);
    return this.owed.splice(0);
  }

  /** @throws RetainedPathsError where the path of an S3Bucket could not be remembered */
  assertRemembered(owner: ClaimOwner, retain: boolean): void {
    const held = this.ledger.heldBy(owner);
    if (!retain || held?.owner.uid !== owner.uid || held.accessMode === 'ReadOnly') return;
    const isFull = !this.ledger.canRelease(owner);
    if (this.broken === undefined && !isFull) return;
    this.wait(owner);
    throw new RetainedPathsError(
      this.broken === undefined ? fullListText(this.listName) : brokenListText(this.listName),
    );
  }

  /** An S3Bucket is told when the ConfigMap is mended, or something was taken out of it. */
  wait(owner: ClaimOwner): void {
    this.refused.set(ownerKey(owner), owner);
  }

  /** What an S3Bucket of this name still holds that is gone. Mappings of before tell no UID. */
  heldBefore({ namespace, name, uid }: ClaimOwner): Incumbent | undefined {
    const held = this.ledger.heldBy({ namespace, name });
    return held === undefined || held.owner.uid === uid || held.owner.uid === '' ? undefined : held;
  }

  /** Claims, and notes whose claims left or took over what has to be stored. */
  claim(request: ClaimRequest): ClaimResult {
    const before = this.ledger.tombstoneChanges;
    const result = this.ledger.claim(request);
    if (result.granted) this.note(before, [request.owner, ...result.requeue]);
    else if (result.reason === 'RetainedPathsUnusable') this.wait(request.owner);
    return result;
  }

  /**
   * Stores the tombstones that the claims of an S3Bucket left or took over. What nobody can store holds up nobody else.
   *
   * @throws KubeError; it is tried again when it is asked for again
   */
  async keepTombstones(owner: ClaimOwner): Promise<void> {
    const key = ownerKey(owner);
    const change = this.unstored.get(key) ?? 0;
    while (this.stored < change) {
      this.storing ??= this.store().finally(() => (this.storing = undefined));
      await this.storing;
    }
    if (this.unstored.get(key) === change) this.unstored.delete(key);
  }

  /**
   * The ConfigMap as a watch brought it: what an administrator took out of it is free. Only what was listed before can
   * be taken out; a version that is older than a tombstone does not list it yet, or lists one of before at its path.
   *
   * @returns S3Buckets that can have it now
   */
  observeRetained(configMap: ConfigMap | undefined): readonly ClaimOwner[] {
    if (isBefore(configMap?.metadata.resourceVersion, this.readAt)) return [];
    const read = readRetained(configMap);
    if ('mistake' in read) {
      this.log.warn(`no path is free by the change of ${this.retainedName}: ${read.mistake}`);
      return [];
    }
    const { tombstones } = read;
    const wasBroken = this.broken !== undefined;
    if (wasBroken) this.mend(tombstones);
    const before = this.listed;
    this.listed = listOf(tombstones);
    const gone = [...before].filter(([path]) => !this.listed.has(path));
    // One that stands there anew was not in it.
    const owners = gone.flatMap(([path, since]) => this.ledger.clearTombstone(path, since));
    this.count();
    if (!wasBroken && gone.length === 0) return owners;
    const waited = [...this.refused.values()];
    this.refused.clear();
    return [...owners, ...waited];
  }

  /** What could not be read can be. */
  private mend(tombstones: readonly Tombstone[]): void {
    this.broken = undefined;
    this.log.log(`${this.retainedName} was mended`);
    this.ledger.remember(tombstones);
  }

  private note(before: number, owners: readonly ClaimOwner[]): void {
    const change = this.ledger.tombstoneChanges;
    if (change === before) return;
    for (const owner of owners) this.unstored.set(ownerKey(owner), change);
    this.count();
  }

  // What a namespace has that is no longer watched stays served: whether its S3Buckets are there is not known.
  private tellUnwatched(): void {
    const { watchNamespaces } = this.configuration;
    const owners = this.ledger.incumbents().map(({ owner }) => owner.namespace);
    const unwatched = watchNamespaces.length === 0 ? [] : owners.filter((name) => !watchNamespaces.includes(name));
    this.metrics.unwatchedBuckets.set(unwatched.length);
    if (unwatched.length === 0) return;
    const names = [...new Set(unwatched)].toSorted().join(', ');
    this.log.warn(
      `${unwatched.length} buckets of namespaces that watchNamespaces does not name stay served as they are (${names}): to ` +
        'end them, name the namespace again and delete its S3Buckets',
    );
  }

  private count(): void {
    this.metrics.retainedPaths.set(this.ledger.tombstoneCount);
  }

  private async store(): Promise<void> {
    // What cannot be read must not be written over.
    if (this.broken !== undefined) throw new RetainedPathsError(brokenListText(this.listName));
    const changes = this.ledger.tombstoneChanges;
    const wanted = tombstoneText(this.ledger.tombstones());
    const live = await this.client.get(CONFIG_MAPS, this.retainedRef());
    try {
      if (live === undefined) {
        const object = { metadata: this.retainedRef(), data: { [RETAINED_ENTRY]: wanted } };
        await this.client.create(CONFIG_MAPS, object, { fieldManager: FIELD_MANAGER });
      } else if (live.data?.[RETAINED_ENTRY] !== wanted) {
        await this.client.replace(CONFIG_MAPS, { ...live, data: { ...live.data, [RETAINED_ENTRY]: wanted } });
      }
      this.stored = changes;
    } catch (error) {
      // Somebody was faster: it is read again.
      if (!isKubeError(error, 'Conflict', 'AlreadyExists')) throw error;
    }
  }

  private get listName(): string {
    return `${this.configuration.namespace}/${this.retainedName}`;
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
  const text = configMap?.data?.[RETAINED_ENTRY];
  return text === undefined ? { tombstones: [] } : parseTombstones(text);
}

function listOf(tombstones: readonly Tombstone[]): ReadonlyMap<string, string> {
  return new Map(tombstones.map(({ path, since }) => [path, since]));
}

/** Versions of one object are numbers that grow. */
function isBefore(version: string | undefined, other: string | undefined): boolean {
  return version !== undefined && other !== undefined && Number(version) < Number(other);
}
