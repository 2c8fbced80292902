import 'reflect-metadata';
import { Equals, IsInt, Matches, Max, Min, ValidateNested } from 'class-validator';
import { ACCESS_KEY_ID_RULE, isAccessKeyId, isSecretAccessKey, SECRET_ACCESS_KEY_RULE } from './access-key.js';
import { DOCUMENT_VERSION } from './limits.js';
import { Rule } from './rule.js';

/** What belongs to an access key id. */
export class SecretKey {
  @Rule('isSecretAccessKey', isSecretAccessKey, SECRET_ACCESS_KEY_RULE)
  readonly secretAccessKey!: string;
}

/** `credentials*.json`: a store of keys. A key is active only while a mapping names it. */
export class CredentialsDocument {
  @Equals(DOCUMENT_VERSION, { message: `must be ${DOCUMENT_VERSION}` })
  readonly version!: typeof DOCUMENT_VERSION;

  @Max(Number.MAX_SAFE_INTEGER, { message: 'must be at most 2^53 - 1' })
  @Min(0, { message: 'must not be negative' })
  @IsInt({ message: 'must be a whole number that grows with each change' })
  readonly revision!: number;

  @Matches(/^sha256:[0-9a-f]{64}$/, { message: 'must be "sha256:" and 64 hexadecimal digits' })
  readonly hash!: string;

  /** By access key id. A Map: no id of a client can meet a name that objects inherit. */
  @Rule('isKeyStore', isKeyStore, `an object from access key ids (${ACCESS_KEY_ID_RULE}) to {"secretAccessKey": …}`)
  @ValidateNested({ each: true, message: 'must hold objects with secretAccessKey' })
  readonly keys!: ReadonlyMap<string, SecretKey>;
}

function isKeyStore(value: unknown): boolean {
  return value instanceof Map && [...value.keys()].every(isAccessKeyId);
}
