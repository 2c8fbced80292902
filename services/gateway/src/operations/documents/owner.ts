import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isAnonymous, type Principal } from '../../auth/identity.js';

/** An `Owner`, `Initiator` or `Grantee` element. */
export interface Owner {
  /** 64 hex digits, stable for a name, in the form of AWS's canonical user ids. */
  readonly id: string;
  readonly displayName: string;
}

// Names come from the configuration, yet it may change without end while the process runs.
const owners = new LRUCache<string, Owner>({ max: 1000 });

/** The owner of a name. */
export function ownerNamed(name: string): Owner {
  let owner = owners.get(name);
  if (owner === undefined) {
    owner = { id: hash('sha256', name), displayName: name };
    owners.set(name, owner);
  }
  return owner;
}

/**
 * Who owns what a principal sees. Buckets here are shared by their grants and have no account of their own, so to each
 * client they are its own: tools that compare the owner with themselves go on working.
 */
export function ownerOf(principal: Principal): Owner {
  return ownerNamed(isAnonymous(principal) ? 'anonymous' : principal.name);
}
