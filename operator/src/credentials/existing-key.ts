import { ACCESS_KEY_ID_RULE, isAccessKeyId, isSecretAccessKey, SECRET_ACCESS_KEY_RULE } from '@bucketway/contract';
import type { Secret } from '../kube/core-objects.js';
import type { KeyPair } from './key-plan.js';

/** The names under which Secrets hold key pairs, in the order in which they are tried. */
const KEY_NAMES = [
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ['accessKeyId', 'secretAccessKey'],
  ['accessKey', 'secretKey'],
  ['access-key-id', 'secret-access-key'],
  ['access-key', 'secret-key'],
  ['COSI_S3_ACCESS_KEY_ID', 'COSI_S3_ACCESS_SECRET_KEY'],
  ['rootUser', 'rootPassword'],
] as const;

/** A user's key pair, or what is wrong with the Secret: a sentence that names no value. */
export type ExistingKey = { readonly pair: KeyPair } | { readonly mistake: string };

/** Reads the key pair of a Secret that a user made. */
export function readExistingKey({ metadata: { name }, data = {} }: Secret): ExistingKey {
  for (const [idName, secretName] of KEY_NAMES) {
    const accessKeyId = decode(data[idName]);
    const secretAccessKey = decode(data[secretName]);
    if (accessKeyId === undefined && secretAccessKey === undefined) continue;
    if (accessKeyId === undefined || secretAccessKey === undefined) {
      const [there, missing] = accessKeyId === undefined ? [secretName, idName] : [idName, secretName];
      return { mistake: `The Secret ${name} has ${there} without ${missing}: add it.` };
    }
    if (!isAccessKeyId(accessKeyId))
      return { mistake: `${idName} of the Secret ${name} must be ${ACCESS_KEY_ID_RULE}.` };
    if (!isSecretAccessKey(secretAccessKey)) {
      return { mistake: `${secretName} of the Secret ${name} must be ${SECRET_ACCESS_KEY_RULE}.` };
    }
    return { pair: { accessKeyId, secretAccessKey } };
  }
  const names = KEY_NAMES.map((pair) => pair.join(' and ')).join(', ');
  return { mistake: `The Secret ${name} holds no key pair: it needs one of ${names}.` };
}

// Tools that make Secrets of files leave the file's last line feed in.
function decode(base64: string | undefined): string | undefined {
  return base64 === undefined
    ? undefined
    : Buffer.from(base64, 'base64')
        .toString('utf8')
        .replace(/\r?\n$/, '');
}
