import type { KeyRecord, KeyRingEntry, RotationCause } from './key-ring-entry.js';

/** A key pair. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the S3Buckets that share a ring ask for, together; see `mergeKeyWishes`. */
export interface KeyWish {
  /** `Existing`: the user's own key. `None`: no key at all, what there is retires at once. */
  readonly mode: 'Managed' | 'Existing' | 'None';
  /** The user's key, read by `readExistingKey`; of mode Existing. */
  readonly existing?: KeyPair;
  /** Milliseconds after which a key is replaced; never without it. */
  readonly intervalMs?: number;
  /** Milliseconds that a replaced key goes on working. */
  readonly overlapMs: number;
  /** `rotationRequest` by the name of each S3Bucket that has one. */
  readonly rotationRequests: ReadonlyMap<string, string>;
  /** Key ids that must stop working now. */
  readonly revoke: ReadonlySet<string>;
}

/** What is known of the world at this moment. */
export interface KeyFacts {
  /** Key ids that every gateway accepts for every bucket of the ring: named by stored mappings that all acknowledged. */
  readonly accepted: ReadonlySet<string>;
  /** Key ids that no gateway accepts for any bucket any more: all have mappings that do not name them. */
  readonly released: ReadonlySet<string>;
  /** The key id in the app's Secret; undefined without the Secret. */
  readonly secretHolds?: string | undefined;
  /** Whether the key id belongs to another namespace, or to another ring with another secret. */
  isTaken(key: KeyPair): boolean;
}

/** Where a ring is. */
export type KeyPhase =
  /** No key, and none wanted or possible. */
  | 'None'
  /** A new key is stored and waits for the gateways. */
  | 'Publish'
  /** All gateways have the new key; the app's Secret takes it over. */
  | 'Switch'
  /** The app has the new key; the old one still works. */
  | 'Overlap'
  /** The old key is named by no mapping any more, or about to; gateways are dropping it. */
  | 'Retire'
  | 'Idle';

/** What happened in a step, for events. */
export type KeyEvent =
  | { readonly type: 'Issued' | 'Revoked' | 'Retired'; readonly accessKeyId: string }
  | {
      /** `RotationBlocked`: as many keys as there may be still work; told each time that it is found so. */
      readonly type: 'RotationStarted' | 'RotationCompleted' | 'RotationBlocked';
      readonly accessKeyId: string;
      readonly cause: RotationCause;
    };

/** Why a wish cannot be carried out; the keys stay as they are. */
export interface KeyRefusal {
  readonly reason: 'KeyIdTaken' | 'ExistingKeyMissing';
  readonly message: string;
}

/** What to do next. Every part may be done any number of times. */
export interface KeyPlan {
  /** The ring's next state: store it before anything else where `changed`. */
  readonly entry: KeyRingEntry;
  readonly changed: boolean;
  /** Key ids that the mappings of the ring's buckets must name, the newest first. */
  readonly grants: readonly string[];
  /** What the app's Secret must hold. Undefined: no key can be handed out yet; leave the Secret as it is. */
  readonly secretKey?: KeyRecord;
  readonly phase: KeyPhase;
  /** Milliseconds until something is due by itself; undefined where only other facts change anything. */
  readonly nextCheckMs?: number;
  /** When the next rotation by interval is due. */
  readonly nextRotationTime?: Date;
  readonly events: readonly KeyEvent[];
  readonly refusal?: KeyRefusal;
}
