import { randomBytes, randomInt } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { isAccessKeyId, isSecretAccessKey } from '@bucketway/contract';
import { UsageError } from './usage-error.js';

/** A pair of keys. */
export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const REMEDY = 'make it readable and writable for this user, or give keys with --access-key and --secret-key';

const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** A new pair: an id as long as AWS's (20) and a secret of 240 random bits. */
export function makeKeyPair(): KeyPair {
  const tail = Array.from({ length: 17 }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
  return { accessKeyId: `BW7${tail}`, secretAccessKey: randomBytes(30).toString('base64url') };
}

/**
 * The pair kept in a file that only its owner can read; made on the first call.
 *
 * @throws UsageError where the file is there and holds no pair, or cannot be read or made
 */
export function keptKeyPair(file: string): KeyPair {
  try {
    return readKeyPair(file) ?? createKeyPair(file);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw new UsageError(`the keys cannot be kept in ${file} (${code}); ${REMEDY}`, 'bucketway serve');
  }
}

function createKeyPair(file: string): KeyPair {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  const pair = makeKeyPair();
  writeFileSync(temporary, `${JSON.stringify(pair, undefined, 2)}\n`, { mode: 0o600 });
  try {
    // A link, not a rename: of two that start at once both use the keys of the first.
    linkSync(temporary, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(temporary);
  }
  return readKeyPair(file) ?? pair;
}

function readKeyPair(file: string): KeyPair | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pair = parsePair(text);
  if (pair === undefined)
    throw new UsageError(`${file} holds no keys; remove it to have new ones made`, 'bucketway serve');
  return pair;
}

function parsePair(text: string): KeyPair | undefined {
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(text) as Partial<KeyPair>;
    return isAccessKeyId(accessKeyId) && isSecretAccessKey(secretAccessKey)
      ? { accessKeyId, secretAccessKey }
      : undefined;
  } catch {
    return undefined;
  }
}
