import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { KeyPair } from './key-plan.js';

const ID_PREFIX = 'BW';
const ID_LENGTH = 20;
const SECRET_LENGTH = 40;
// RFC 4648 section 6.
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
// No characters that shells, INI files, URLs or YAML read as something else.
const SECRET_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A `uid` for a new key ring: 128 random bits in hex. */
export function newKeyRingUid(): string {
  return randomBytes(16).toString('hex');
}

/**
 * A key pair for a serial of a ring. The id derives from both, so that it tells nothing of the bucket and never comes
 * twice; the secret is random (40 characters of 62, 238 bits).
 */
export function issueKeyPair(uid: string, serial: number): KeyPair {
  let secretAccessKey = '';
  for (let i = 0; i < SECRET_LENGTH; i++) secretAccessKey += SECRET_ALPHABET[randomInt(SECRET_ALPHABET.length)];
  return { accessKeyId: accessKeyIdOf(uid, serial), secretAccessKey };
}

/** The access key id of a serial of a ring: `BW` and 18 characters of base32, 90 bits of a SHA-256. */
export function accessKeyIdOf(uid: string, serial: number): string {
  const digest = createHash('sha256').update(`bucketway/${uid}/${serial}`).digest();
  let id = ID_PREFIX;
  for (let i = 0; id.length < ID_LENGTH; i++) id += BASE32[(digest[i] as number) & 31];
  return id;
}
