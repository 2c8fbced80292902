import { canonicalJson } from '@bucketway/contract';
import { issueKeyPair, newKeyRingUid } from './key-pair.js';
import type { KeyEvent, KeyFacts, KeyPair, KeyPhase, KeyPlan, KeyRefusal, KeyWish } from './key-plan.js';
import type { KeyRecord, KeyRingEntry, RotationCause } from './key-ring-entry.js';
import { retiredKey } from './retired-key.js';

/** Beyond it, no rotation starts before a key is gone: requests alone must not fill documents. */
const MAX_KEYS = 8;

const EMPTY: KeyRingEntry = { uid: '', serial: 0, keys: [] };

/**
 * Decides the next step of the keys of one ring. It does nothing itself, and everything that it needs is in the entry
 * and the facts, so that after a crash at any point it decides the same again.
 *
 * A new key goes through `Pending` (stored and named by mappings, until every gateway accepts it), is put into the app's
 * Secret, and becomes `Active` when it is there; the one before it is then `Retiring` for the overlap, loses its grants,
 * and is dropped when no gateway accepts it any more.
 */
export function planKeys(
  now: Date,
  entry: KeyRingEntry | undefined,
  wish: KeyWish,
  facts: KeyFacts,
  issue: typeof issueKeyPair = issueKeyPair,
): KeyPlan {
  const step = new KeyStep(now, entry ?? EMPTY, wish, facts, issue);
  step.revoke();
  step.promote();
  if (wish.mode === 'None') step.retireAll();
  else if (wish.mode === 'Existing') step.adoptExisting();
  else step.issueWhereDue();
  step.dropReleased();
  return step.finish(entry);
}

class KeyStep {
  private keys: readonly KeyRecord[];
  private uid: string;
  private serial: number;
  private observed: Readonly<Record<string, string>>;
  private readonly events: KeyEvent[] = [];
  private refusal: KeyRefusal | undefined;
  /** Ids of which gateways accept what they were before this step. */
  private readonly changed = new Set<string>();

  constructor(
    private readonly now: Date,
    entry: KeyRingEntry,
    private readonly wish: KeyWish,
    private readonly facts: KeyFacts,
    private readonly issuePair: typeof issueKeyPair,
  ) {
    ({ keys: this.keys, uid: this.uid, serial: this.serial } = entry);
    this.observed = entry.observedRotationRequests ?? {};
  }

  /** What somebody wants to stop working stops at once, and is never granted again. */
  revoke(): void {
    for (const key of this.keys) {
      if (!this.wish.revoke.has(key.accessKeyId) || this.isOver(key)) continue;
      this.replace(key, retiredKey(key, this.now));
      this.events.push({ type: 'Revoked', accessKeyId: key.accessKeyId });
    }
  }

  /** The app has the new key: it is the one in use, and the old one begins its overlap. */
  promote(): void {
    const { pending } = this;
    if (pending === undefined) return;
    const { accessKeyId } = pending;
    // The user's own Secret is where the key came from. A Secret of ours that holds it is proof of everything before,
    // even where the operator ended before it could note so.
    const switched = this.wish.mode === 'Existing' && this.isAccepted(accessKeyId);
    if (!switched && this.facts.secretHolds !== accessKeyId) return;
    const { active } = this;
    if (active !== undefined)
      this.replace(active, retiredKey(active, new Date(this.now.getTime() + this.wish.overlapMs)));
    const { answers, cause, ...key } = pending;
    this.replace(pending, { ...key, state: 'Active' });
    this.observed = { ...this.observed, ...answers };
    if (cause !== undefined) this.events.push({ type: 'RotationCompleted', accessKeyId, cause });
  }

  retireAll(): void {
    for (const key of this.keys) if (!this.isOver(key)) this.replace(key, retiredKey(key, this.now));
  }

  /** The key of the user takes the place of whatever there is. */
  adoptExisting(): void {
    const { existing } = this.wish;
    if (existing === undefined) {
      if (this.active === undefined && this.pending === undefined) {
        this.refusal = { reason: 'ExistingKeyMissing', message: 'There is no usable key pair in the existing Secret.' };
      }
      return;
    }
    if (this.wish.revoke.has(existing.accessKeyId)) {
      const message = `The key ${existing.accessKeyId} was revoked: put another one into the existing Secret.`;
      this.refusal = { reason: 'KeyIdTaken', message };
      return;
    }
    if (this.facts.isTaken(existing)) {
      const message = `The access key id ${existing.accessKeyId} is in use already: put another key into the existing Secret.`;
      this.refusal = { reason: 'KeyIdTaken', message };
      return;
    }
    this.withdrawPending((key) => key.accessKeyId === existing.accessKeyId);
    const known = this.keys.find(({ accessKeyId }) => accessKeyId === existing.accessKeyId);
    if (known === undefined) this.start(existing, this.active === undefined ? undefined : 'ExistingChanged');
    // One id has one secret: no overlap is possible, and until all gateways know the new one neither works everywhere.
    else if (known.secretAccessKey !== existing.secretAccessKey) this.reinstate({ known, by: existing });
    else if (known.state === 'Retiring') this.reinstate({ known });
    this.observed = Object.fromEntries(this.wish.rotationRequests);
  }

  /** A key where there is none, and another one where a rotation is due. */
  issueWhereDue(): void {
    this.withdrawPending(({ accessKeyId }) => this.isOurs(accessKeyId));
    if (this.pending !== undefined) return;
    const { active } = this;
    const revoked = this.keys.some((key) => this.wish.revoke.has(key.accessKeyId) && this.isOver(key));
    const cause = active === undefined ? (revoked ? 'Revoked' : undefined) : this.dueFor(active);
    if (active !== undefined && cause !== undefined && this.keys.length >= MAX_KEYS) {
      this.events.push({ type: 'RotationBlocked', accessKeyId: active.accessKeyId, cause });
    } else if (active === undefined || cause !== undefined) this.issue(cause);
  }

  /** What retired and no gateway accepts any more is forgotten. */
  dropReleased(): void {
    for (const key of this.keys) {
      if (!this.isOver(key) || !this.facts.released.has(key.accessKeyId)) continue;
      this.keys = this.keys.filter((other) => other !== key);
      this.events.push({ type: 'Retired', accessKeyId: key.accessKeyId });
    }
  }

  finish(before: KeyRingEntry | undefined): KeyPlan {
    const { pending, active } = this;
    const observed = this.currentRequests();
    const entry: KeyRingEntry = {
      uid: this.uid,
      serial: this.serial,
      ...(Object.keys(observed).length > 0 && { observedRotationRequests: observed }),
      keys: this.keys,
    };
    const secretKey = pending !== undefined && this.isAccepted(pending.accessKeyId) ? pending : active;
    const rotates = active !== undefined && pending === undefined && this.wish.mode === 'Managed';
    const nextRotationMs = rotates ? this.dueInMs(active) : Infinity;
    // What is over waits for gateways, and what is overdue for keys to go: no time to come changes either.
    const dueTimes = [nextRotationMs, ...this.keys.map((key) => this.retiresInMs(key))].filter((ms) => ms > 0);
    const nextCheckMs = Math.min(...dueTimes);
    return {
      entry,
      changed: canonicalJson(entry) !== canonicalJson(before ?? EMPTY),
      grants: this.keys
        .filter((key) => !this.isOver(key))
        .toSorted((a, b) => b.serial - a.serial)
        .map(({ accessKeyId }) => accessKeyId),
      ...(secretKey && { secretKey }),
      phase: this.phase(),
      ...(nextCheckMs !== Infinity && { nextCheckMs }),
      ...(nextRotationMs !== Infinity && { nextRotationTime: new Date(this.now.getTime() + nextRotationMs) }),
      events: this.events,
      ...(this.refusal && { refusal: this.refusal }),
    };
  }

  private get pending(): KeyRecord | undefined {
    return this.keys.find(({ state }) => state === 'Pending');
  }

  private get active(): KeyRecord | undefined {
    return this.keys.find(({ state }) => state === 'Active');
  }

  private phase(): KeyPhase {
    const { pending } = this;
    if (pending !== undefined) return this.isAccepted(pending.accessKeyId) ? 'Switch' : 'Publish';
    if (this.keys.some((key) => this.isOver(key))) return 'Retire';
    if (this.keys.some(({ state }) => state === 'Retiring')) return 'Overlap';
    return this.keys.length === 0 ? 'None' : 'Idle';
  }

  private isAccepted(accessKeyId: string): boolean {
    return this.facts.accepted.has(accessKeyId) && !this.changed.has(accessKeyId);
  }

  private isOver(key: KeyRecord): boolean {
    return this.retiresInMs(key) <= 0;
  }

  private retiresInMs({ state, retireAt }: KeyRecord): number {
    return state === 'Retiring' ? Date.parse(retireAt ?? '') - this.now.getTime() : Infinity;
  }

  private dueInMs({ createdAt }: KeyRecord): number {
    const { intervalMs } = this.wish;
    return intervalMs === undefined ? Infinity : Date.parse(createdAt) + intervalMs - this.now.getTime();
  }

  private dueFor(active: KeyRecord): RotationCause | undefined {
    if (!this.isOurs(active.accessKeyId)) return 'ModeChanged';
    if (this.hasOpenRequest()) return 'Request';
    return this.dueInMs(active) <= 0 ? 'Interval' : undefined;
  }

  private hasOpenRequest(): boolean {
    return [...this.wish.rotationRequests].some(([bucket, request]) => this.observed[bucket] !== request);
  }

  // What S3Buckets that are gone asked for is of no use any more.
  private currentRequests(): Record<string, string> {
    const { rotationRequests } = this.wish;
    return Object.fromEntries(Object.entries(this.observed).filter(([bucket]) => rotationRequests.has(bucket)));
  }

  // Ours have the ring's serial in their id; the user's own are any.
  private isOurs(accessKeyId: string): boolean {
    return this.keys.some((key) => key.accessKeyId === accessKeyId && key.origin !== 'Existing');
  }

  private issue(cause: RotationCause | undefined): void {
    if (this.uid === '') this.uid = newKeyRingUid();
    this.start(this.issuePair(this.uid, this.serial + 1), cause);
  }

  private start(pair: KeyPair, cause: RotationCause | undefined): void {
    if (this.uid === '') this.uid = newKeyRingUid();
    this.serial++;
    const requests = Object.fromEntries(this.wish.rotationRequests);
    const key: KeyRecord = {
      accessKeyId: pair.accessKeyId,
      secretAccessKey: pair.secretAccessKey,
      serial: this.serial,
      state: 'Pending',
      createdAt: this.now.toISOString(),
      ...(Object.keys(requests).length > 0 && { answers: requests }),
      ...(cause && { cause }),
      ...(this.wish.mode === 'Existing' && { origin: 'Existing' as const }),
    };
    this.keys = [...this.keys, key];
    const { accessKeyId } = pair;
    this.events.push(cause ? { type: 'RotationStarted', accessKeyId, cause } : { type: 'Issued', accessKeyId });
  }

  // A key of the user that was replaced, and that the user brings back before its overlap is over; or its id, with another
  // secret.
  private reinstate({ known, by = known }: { readonly known: KeyRecord; readonly by?: KeyPair }): void {
    const { retireAt: _, ...key } = known;
    const { accessKeyId, secretAccessKey } = by;
    this.serial++;
    this.replace(known, {
      ...key,
      accessKeyId,
      secretAccessKey,
      serial: this.serial,
      state: 'Pending',
      createdAt: this.now.toISOString(),
      cause: 'ExistingChanged',
    });
    this.changed.add(accessKeyId);
    this.events.push({ type: 'RotationStarted', accessKeyId, cause: 'ExistingChanged' });
  }

  // A key that no app has yet, and that is no longer the one to come.
  private withdrawPending(isWanted: (key: KeyRecord) => boolean): void {
    const { pending } = this;
    if (pending !== undefined && !isWanted(pending)) this.replace(pending, retiredKey(pending, this.now));
  }

  private replace(key: KeyRecord, by: KeyRecord): void {
    this.keys = this.keys.map((other) => (other === key ? by : other));
  }
}
