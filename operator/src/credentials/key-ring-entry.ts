/** What keys belong to: S3Buckets of one namespace that name the same Secret share one key. */
export interface KeyRingRef {
  readonly namespace: string;
  readonly secretName: string;
}

/**
 * `Pending`: known to gateways or about to be, no app has it yet. `Active`: what the app's Secret holds. `Retiring`:
 * still accepted until `retireAt`, then without any grant, then gone.
 */
export type KeyState = 'Pending' | 'Active' | 'Retiring';

/** Why a key takes the place of another one. */
export type RotationCause = 'Interval' | 'Request' | 'Revoked' | 'ExistingChanged' | 'ModeChanged';

/** One key of a ring. */
export interface KeyRecord {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Counts the keys of a ring from 1. */
  readonly serial: number;
  readonly state: KeyState;
  /** RFC 3339. */
  readonly createdAt: string;
  /** RFC 3339; of a retiring key. In the past: no mapping may name it any more. */
  readonly retireAt?: string;
  /** The rotation requests, by S3Bucket, that this key answers once it is active. */
  readonly answers?: Readonly<Record<string, string>>;
  /** Of a pending key that takes the place of another one: told once it has. */
  readonly cause?: RotationCause;
  /** Absent: the operator made it. */
  readonly origin?: 'Existing';
}

/** Everything that is known of the keys of one ring. It is all that rotation needs to go on after a crash. */
export interface KeyRingEntry {
  /** Random, made once; key ids derive from it and the serial. */
  readonly uid: string;
  /** The highest serial given out. Never falls, so no key id comes back. */
  readonly serial: number;
  /** By name of the S3Bucket: the last `rotationRequest` that was carried out. */
  readonly observedRotationRequests?: Readonly<Record<string, string>>;
  readonly keys: readonly KeyRecord[];
}

/** `namespace/secretName`. */
export function keyRingName({ namespace, secretName }: KeyRingRef): string {
  return `${namespace}/${secretName}`;
}

/** What {@link keyRingName} was made of. */
export function parseKeyRingName(name: string): KeyRingRef {
  const slash = name.indexOf('/');
  return { namespace: name.slice(0, slash), secretName: name.slice(slash + 1) };
}
