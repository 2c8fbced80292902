import type { ClaimRequest } from './claim.js';
import { ownerKey } from './owner-key.js';

interface Waiting {
  readonly request: ClaimRequest;
  readonly blocker: string;
}

/**
 * Claimants that were refused. Each waits for one of those in its way: as long as that one stays, nothing else can help
 * it, so that a release looks at those alone.
 */
export class WaitingList {
  private readonly byOwner = new Map<string, Waiting>();
  private readonly byBlocker = new Map<string, Set<string>>();

  get size(): number {
    return this.byOwner.size;
  }

  get(owner: string): ClaimRequest | undefined {
    return this.byOwner.get(owner)?.request;
  }

  add(request: ClaimRequest, blocker: string): void {
    const owner = ownerKey(request.owner);
    this.remove(owner);
    this.byOwner.set(owner, { request, blocker });
    const waiters = this.byBlocker.get(blocker);
    if (waiters === undefined) this.byBlocker.set(blocker, new Set([owner]));
    else waiters.add(owner);
  }

  remove(owner: string): void {
    const waiting = this.byOwner.get(owner);
    if (waiting === undefined) return;
    this.byOwner.delete(owner);
    const waiters = this.byBlocker.get(waiting.blocker);
    waiters?.delete(owner);
    if (waiters?.size === 0) this.byBlocker.delete(waiting.blocker);
  }

  /** Who waits for a blocker, oldest first. */
  of(blocker: string): ClaimRequest[] {
    const owners = [...(this.byBlocker.get(blocker) ?? [])];
    return owners.flatMap((owner) => this.byOwner.get(owner)?.request ?? []).toSorted(byAge);
  }

  clear(): void {
    this.byOwner.clear();
    this.byBlocker.clear();
  }
}

/** The order in which claimants that never held anything are served: the oldest, then by namespace and name. */
function byAge(a: ClaimRequest, b: ClaimRequest): number {
  const ages = ageOf(a) - ageOf(b);
  if (ages !== 0) return ages;
  return ownerKey(a.owner) < ownerKey(b.owner) ? -1 : 1;
}

function ageOf({ creationTimestamp }: ClaimRequest): number {
  const time = Date.parse(creationTimestamp);
  return Number.isNaN(time) ? Number.MAX_SAFE_INTEGER : time;
}
