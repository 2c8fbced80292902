import { pathKey } from '../policy/path-key.js';
import type { Standing } from '../policy/decision.js';
import type {
  ClaimHolder,
  ClaimOwner,
  ClaimReason,
  ClaimRequest,
  ClaimResult,
  Incumbent,
  Released,
  Tombstone,
} from './claim.js';
import { Graveyard } from './graveyard.js';
import { ownerKey } from './owner-key.js';
import { PathTrie } from './path-trie.js';
import type { PathRelation } from './path-trie.js';
import { refusalMessage } from './refusal-message.js';
import { WaitingList } from './waiting-list.js';

/** What a ledger begins with. */
export interface LedgerOptions {
  /** The published mappings: whoever is in them keeps what it holds. */
  readonly incumbents?: Iterable<Incumbent>;
  readonly tombstones?: Iterable<Tombstone>;
  /** See `Policy`. */
  readonly caseInsensitivePaths?: boolean;
}

/** What a ledger may take. */
export interface LedgerLimits {
  /** Of all tombstones as they are stored. */
  readonly tombstoneBytes?: number;
}

interface Conflict {
  readonly reason: ClaimReason;
  readonly holder: ClaimHolder;
}

/**
 * Who holds which bucket name and which path. The incumbent keeps them, whatever the ages; among those that never held
 * them the oldest goes first. An S3Bucket is known by namespace and name, so that one which is created anew or restored
 * from a backup under another uid inherits what it held.
 */
export class ClaimLedger {
  private readonly claims = new Map<string, Incumbent>();
  private readonly byName = new Map<string, Incumbent>();
  private byPath = new PathTrie<ClaimHolder>();
  private readonly heldByNamespace = new Map<string, number>();
  private readonly graves: Graveyard;
  private readonly waiting = new WaitingList();
  private caseInsensitive = false;
  private changes = 0;

  constructor(
    options: LedgerOptions = {},
    private readonly now: () => Date = () => new Date(),
    limits: LedgerLimits = {},
  ) {
    this.graves = new Graveyard(limits.tombstoneBytes);
    this.restore(options);
  }

  /** Begins anew, with what was published by whoever led before. */
  restore({ incumbents = [], tombstones = [], caseInsensitivePaths = false }: LedgerOptions): void {
    this.caseInsensitive = caseInsensitivePaths;
    this.byPath = new PathTrie();
    for (const map of [this.claims, this.byName, this.heldByNamespace, this.graves, this.waiting]) map.clear();
    for (const tombstone of tombstones) this.bury(tombstone);
    for (const incumbent of incumbents) {
      const { owner, bucketName, path } = incumbent;
      if (this.claims.has(ownerKey(owner)) || this.byName.has(bucketName)) continue;
      this.hold(incumbent);
      if (this.answersFor(incumbent)) this.unbury(path);
    }
  }

  /**
   * Takes up what an S3Bucket held though no mapping says so any more. What is held already, and data that another
   * namespace left, goes before.
   *
   * @returns whether it holds that now
   */
  inherit(incumbent: Incumbent): boolean {
    if (this.claims.has(ownerKey(incumbent.owner))) return false;
    // Whoever held it was granted it by rules that may have changed: readers may lie over readers.
    if (this.conflictOf({ ...incumbent, overlap: 'ReadOnly', creationTimestamp: '' }) !== undefined) return false;
    this.hold(incumbent);
    if (this.answersFor(incumbent)) this.unbury(incumbent.path);
    return true;
  }

  /**
   * Asks for a bucket name and a path, both or none. To ask again for what is held is granted, whatever others hold by
   * now; to ask for another name or path gives up what was held once that is granted, and leaves a tombstone at the old
   * path. A claimant that is refused keeps what it held before, and waits.
   */
  claim(request: ClaimRequest): ClaimResult {
    const held = this.claims.get(ownerKey(request.owner));
    if (held !== undefined && isSame(held, request)) {
      this.waiting.remove(ownerKey(request.owner));
      return { granted: true, requeue: [] };
    }
    const conflict = held !== undefined && this.covers(held, request) ? undefined : this.conflictOf(request);
    if (conflict === undefined) {
      if (held === undefined || this.canLeave(held, request)) return { granted: true, requeue: this.grant(request) };
      const reason = 'RetainedPathsUnusable';
      return { granted: false, again: true, reason, holder: held, message: refusalMessage(reason, held, request) };
    }
    const waited = this.waiting.get(ownerKey(request.owner));
    const again = waited !== undefined && isSame(waited, request);
    this.waiting.add(request, this.holderKey(conflict.holder));
    return { granted: false, again, ...conflict, message: refusalMessage(conflict.reason, conflict.holder, request) };
  }

  /** Whether it can be remembered that an S3Bucket leaves data at what it holds. Otherwise it must not be released. */
  canRelease(owner: ClaimOwner): boolean {
    const held = this.claims.get(ownerKey(owner));
    return held === undefined || held.owner.uid !== owner.uid || this.canLeave(held);
  }

  /**
   * Gives up what an S3Bucket holds or waits for. Its successor of the same name, under another uid, keeps it.
   *
   * @param retain whether its data stays: a tombstone then keeps other namespaces away from the path. A claim that only
   *   reads leaves none
   */
  release(owner: ClaimOwner, { retain }: { readonly retain: boolean }): Released {
    const key = ownerKey(owner);
    if (this.waiting.get(key)?.owner.uid === owner.uid) this.waiting.remove(key);
    const held = this.claims.get(key);
    if (held === undefined || held.owner.uid !== owner.uid) return { released: false, requeue: [] };
    this.drop(held);
    if (retain) this.leave(held);
    return { released: true, requeue: this.promote(key) };
  }

  /** An S3Bucket waits for nothing any more: it is gone, or the policy refuses it. What it holds, it keeps. */
  stopWaiting(owner: Pick<ClaimOwner, 'namespace' | 'name'>): void {
    this.waiting.remove(ownerKey(owner));
  }

  /** What an S3Bucket of this namespace and name holds, whatever its uid. */
  heldBy(owner: Pick<ClaimOwner, 'namespace' | 'name'>): Incumbent | undefined {
    return this.claims.get(ownerKey(owner));
  }

  /** Those that wait for what an S3Bucket holds, oldest first. */
  waitersOf(owner: Pick<ClaimOwner, 'namespace' | 'name'>): readonly ClaimOwner[] {
    return this.waiting.of(ownerKey(owner)).map((request) => request.owner);
  }

  /** How many S3Buckets wait for others. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** What the tenancy policy asks about an S3Bucket before it claims: see `decide`. */
  standingOf(owner: Pick<ClaimOwner, 'namespace' | 'name'>): Standing {
    const held = this.heldBy(owner);
    const path = held?.path ?? this.graves.lastOf(owner)?.path;
    return {
      incumbent: held !== undefined,
      othersInNamespace: (this.heldByNamespace.get(owner.namespace) ?? 0) - (held === undefined ? 0 : 1),
      ...(path !== undefined && { path }),
    };
  }

  /** What is held, in no particular order. */
  incumbents(): readonly Incumbent[] {
    return [...this.claims.values()];
  }

  /** What has to be kept over a restart beside the published mappings, by path. */
  tombstones(): readonly Tombstone[] {
    return this.graves.all().toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** Learns of tombstones that could not be read before. */
  remember(tombstones: Iterable<Tombstone>): void {
    for (const tombstone of tombstones) this.bury(tombstone);
  }

  /** How many paths of {@link tombstones} there are. */
  get tombstoneCount(): number {
    return this.graves.size;
  }

  /** Counts the changes of {@link tombstones}: who stored them at this number has stored them all. */
  get tombstoneChanges(): number {
    return this.changes;
  }

  /**
   * Lets other namespaces have the path of a tombstone again: an administrator says that nobody's data is there.
   *
   * @param since of the tombstone that is meant: another one stays
   * @returns those that waited for it, oldest first
   */
  clearTombstone(path: string, since?: string): readonly ClaimOwner[] {
    if (since !== undefined && this.graves.get(this.graveKey(path))?.since !== since) return [];
    return this.unbury(path) ? this.promote(this.graveKey(path)) : [];
  }

  private covers(held: Incumbent, { bucketName, path, accessMode }: ClaimRequest): boolean {
    // To write where it only read may need more room than was granted.
    const upgraded = held.accessMode === 'ReadOnly' && accessMode === 'ReadWrite';
    return held.bucketName === bucketName && this.graveKey(held.path) === this.graveKey(path) && !upgraded;
  }

  private conflictOf(request: ClaimRequest): Conflict | undefined {
    const key = ownerKey(request.owner);
    const named = this.byName.get(request.bucketName);
    if (named !== undefined && ownerKey(named.owner) !== key) return { reason: 'NameTaken', holder: named };
    for (const { relation, value: holder } of this.byPath.related(this.segments(request.path))) {
      if (this.holderKey(holder) === key || mayOverlap(request, holder)) continue;
      return { reason: reasonOf(relation), holder };
    }
    return undefined;
  }

  private grant(request: ClaimRequest): readonly ClaimOwner[] {
    const key = ownerKey(request.owner);
    const { owner, bucketName, path, accessMode, isTrial = false } = request;
    const next = { owner, bucketName, path, accessMode, ...(isTrial && { isTrial }) };
    const held = this.claims.get(key);
    this.waiting.remove(key);
    if (held !== undefined) this.drop(held);
    this.hold(next);
    const moved = held !== undefined && this.graveKey(held.path) !== this.graveKey(path);
    if (held !== undefined && !this.staysBy(held, next)) this.leave(held);
    const requeue = held !== undefined && (moved || held.bucketName !== bucketName) ? this.promote(key) : [];
    // Those that waited for the grave wait for its heir from now on.
    if (!this.answersFor(next) || !this.unbury(path)) return requeue;
    return [...requeue, ...this.promote(this.graveKey(path))];
  }

  /** Grants what can be granted to those that waited for what changed, so that no later claimant overtakes them. */
  private promote(blocker: string): readonly ClaimOwner[] {
    const waiters = this.waiting.of(blocker);
    for (const request of waiters) {
      // A grant to one before may have led to this one already.
      if (this.waiting.get(ownerKey(request.owner)) !== request) continue;
      const conflict = this.conflictOf(request);
      const held = this.claims.get(ownerKey(request.owner));
      if (conflict === undefined && held !== undefined && !this.canLeave(held, request)) {
        this.waiting.remove(ownerKey(request.owner));
      } else if (conflict === undefined) this.grant(request);
      else this.waiting.add(request, this.holderKey(conflict.holder));
    }
    return waiters.map(({ owner }) => owner);
  }

  private hold(claim: Incumbent): void {
    const { namespace } = claim.owner;
    this.claims.set(ownerKey(claim.owner), claim);
    this.byName.set(claim.bucketName, claim);
    this.byPath.add(this.segments(claim.path), claim);
    this.heldByNamespace.set(namespace, (this.heldByNamespace.get(namespace) ?? 0) + 1);
  }

  private drop(claim: Incumbent): void {
    const { namespace } = claim.owner;
    this.claims.delete(ownerKey(claim.owner));
    this.byName.delete(claim.bucketName);
    this.byPath.delete(this.segments(claim.path), claim);
    this.heldByNamespace.set(namespace, (this.heldByNamespace.get(namespace) ?? 1) - 1);
  }

  /** Whether a claim can be given up, for another where one is given: a tombstone is needed only where it wrote. */
  private canLeave(held: Incumbent, next?: ClaimRequest): boolean {
    const stays = next !== undefined && this.staysBy(held, next);
    return stays || held.accessMode === 'ReadOnly' || this.graves.hasRoomFor(this.tombstoneOf(held));
  }

  /** Whether a claim goes on to answer for what was written under the one before it. */
  private staysBy(held: Incumbent, next: Incumbent): boolean {
    const isTrialOnly = next.isTrial === true && held.isTrial !== true;
    return !isTrialOnly && this.graveKey(held.path) === this.graveKey(next.path);
  }

  private tombstoneOf({ owner: { namespace, name }, path, bucketName }: Incumbent): Tombstone {
    return { path, bucketName, namespace, name, since: this.now().toISOString() };
  }

  /** Leaves a tombstone where a claim was; what only read has left nothing there. */
  private leave(held: Incumbent): void {
    if (held.accessMode === 'ReadWrite') this.bury(this.tombstoneOf(held));
  }

  private bury(tombstone: Tombstone): void {
    const before = this.graves.lastOf(tombstone);
    this.unbury(tombstone.path);
    this.changes++;
    this.graves.add(this.graveKey(tombstone.path), tombstone);
    this.byPath.add(this.segments(tombstone.path), tombstone);
    const below = [...this.byPath.related(this.segments(tombstone.path))].flatMap(({ relation, value }) =>
      relation === 'below' && 'since' in value ? [value] : [],
    );
    for (const other of before === undefined ? below : [before, ...below]) {
      if (!this.saysNothing(other)) continue;
      this.unbury(other.path);
      // Whoever waits for it waits for the one above.
      this.promote(this.graveKey(other.path));
    }
  }

  /** One above it keeps the same others away, and it is not where an S3Bucket of its name would come back to. */
  private saysNothing(tombstone: Tombstone): boolean {
    if (this.graves.get(this.graveKey(tombstone.path)) !== tombstone) return false;
    if (this.graves.lastOf(tombstone) === tombstone) return false;
    for (const { relation, value } of this.byPath.related(this.segments(tombstone.path))) {
      if (relation === 'above' && 'since' in value && value.namespace === tombstone.namespace) return true;
    }
    return false;
  }

  private unbury(path: string): boolean {
    const tombstone = this.graves.remove(this.graveKey(path));
    if (tombstone === undefined) return false;
    this.changes++;
    this.byPath.delete(this.segments(tombstone.path), tombstone);
    return true;
  }

  /** Whether a claim takes over the data that a tombstone of its namespace guards: it writes there now. */
  private answersFor({ owner, path, accessMode, isTrial = false }: Incumbent): boolean {
    return (
      !isTrial && accessMode === 'ReadWrite' && this.graves.get(this.graveKey(path))?.namespace === owner.namespace
    );
  }

  private segments(path: string): string[] {
    return pathKey(path, this.caseInsensitive);
  }

  /** Begins with a slash, as no {@link ownerKey} does. */
  private graveKey(path: string): string {
    return `/${this.segments(path).join('/')}`;
  }

  private holderKey(holder: ClaimHolder): string {
    return 'since' in holder ? this.graveKey(holder.path) : ownerKey(holder.owner);
  }
}

function isSame(held: Incumbent, { owner, bucketName, path, accessMode, isTrial }: ClaimRequest): boolean {
  const isSamePlace = held.bucketName === bucketName && held.path === path;
  const isSameUse = held.accessMode === accessMode && (held.isTrial ?? false) === (isTrial ?? false);
  return held.owner.uid === owner.uid && isSamePlace && isSameUse;
}

function mayOverlap({ owner, overlap, accessMode }: ClaimRequest, holder: ClaimHolder): boolean {
  if ('since' in holder) {
    return holder.namespace === owner.namespace || (overlap === 'ReadOnly' && accessMode === 'ReadOnly');
  }
  if (holder.owner.namespace === owner.namespace) return overlap !== 'Deny';
  return overlap === 'ReadOnly' && accessMode === 'ReadOnly';
}

function reasonOf(relation: PathRelation): ClaimReason {
  return relation === 'same' ? 'PathTaken' : 'PathOverlap';
}
