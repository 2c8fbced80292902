import { createHash } from 'node:crypto';
import { canonicalJson, MANAGED_LABEL, S3_BUCKET_GROUP } from '@bucketway/contract';
import type { S3BucketSecretFormat } from '@bucketway/contract';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../documents/document-names.js';
import type { ConfigMap, Secret } from '../kube/core-objects.js';
import type { ObjectMeta, OwnerReference } from '../kube/kube-object.js';
import { readExistingKey } from './existing-key.js';
import type { KeyPair } from './key-plan.js';
import { awsEntries } from './secret-formats/aws-entries.js';
import { cosiEntries } from './secret-formats/cosi-entries.js';
import { fileEntries } from './secret-formats/file-entries.js';
import { obcConfigEntries, obcEntries } from './secret-formats/obc-entries.js';
import type { SecretEntries, SecretFacts } from './secret-formats/secret-facts.js';
import { SERVICE_BINDING_TYPE, serviceBindingEntries } from './secret-formats/service-binding-entries.js';

/** Which key of its ring a Secret holds. */
export const SERIAL_ANNOTATION = `${S3_BUCKET_GROUP}/rotation-serial`;

/** When that key was made. */
export const KEY_CREATED_ANNOTATION = `${S3_BUCKET_GROUP}/key-created`;

/** `sha256:` and hex of the entries: shows an edit, and changes with them for tools that restart workloads. */
export const CONTENT_HASH_ANNOTATION = `${S3_BUCKET_GROUP}/content-hash`;

/** What an app's Secret is made of. */
export interface AppSecretInput {
  readonly namespace: string;
  readonly name: string;
  /** One of each S3Bucket that shares it: it goes when the last of them does. */
  readonly owners: readonly OwnerReference[];
  /** The union of what they ask for. */
  readonly formats: ReadonlySet<S3BucketSecretFormat>;
  readonly facts: SecretFacts;
  readonly serial: number;
  /** RFC 3339. */
  readonly keyCreatedAt: string;
}

const FORMATS: Readonly<Record<S3BucketSecretFormat, (facts: SecretFacts) => SecretEntries>> = {
  AWS: awsEntries,
  OBC: obcEntries,
  COSI: cosiEntries,
  Files: fileEntries,
  ServiceBinding: serviceBindingEntries,
};

/** The Secret that an app reads, to be applied as it is. */
export function buildAppSecret(input: AppSecretInput): Secret {
  const entries: Record<string, string> = {};
  for (const format of input.formats) Object.assign(entries, FORMATS[format](input.facts));
  const data = Object.entries(entries).map(([name, text]) => [name, Buffer.from(text).toString('base64')]);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadataOf(input, entries),
    type: input.formats.has('ServiceBinding') ? SERVICE_BINDING_TYPE : 'Opaque',
    data: Object.fromEntries(data) as Record<string, string>,
  };
}

/** The ConfigMap of the same name that apps of ObjectBucketClaims read; undefined where OBC is not asked for. */
export function buildAppConfigMap(input: AppSecretInput): ConfigMap | undefined {
  if (!input.formats.has('OBC')) return undefined;
  const data = obcConfigEntries(input.facts);
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadataOf(input, data), data };
}

function metadataOf(
  { namespace, name, owners, serial, keyCreatedAt }: AppSecretInput,
  entries: SecretEntries,
): ObjectMeta {
  return {
    namespace,
    name,
    labels: { [MANAGED_LABEL]: 'true', [MANAGED_BY_LABEL]: MANAGED_BY },
    annotations: {
      [SERIAL_ANNOTATION]: String(serial),
      [KEY_CREATED_ANNOTATION]: keyCreatedAt,
      [CONTENT_HASH_ANNOTATION]: `sha256:${createHash('sha256').update(canonicalJson(entries)).digest('hex')}`,
    },
    ownerReferences: [...owners],
  };
}

/** What to do with what stands at the place of an app's Secret or ConfigMap. */
export type AppObjectVerdict =
  | { readonly action: 'keep' }
  /**
   * `recreate`: what cannot be changed differs, so it must be deleted first: its type, or that it is immutable. `edited`:
   * it was as wanted until somebody changed it.
   */
  | { readonly action: 'create' | 'update' | 'recreate'; readonly edited: boolean }
  /** Somebody else's, or so it seems: it is not touched. */
  | { readonly action: 'conflict'; readonly message: string };

/** Judges the Secret that is there by the one that should be. */
export function judgeExistingSecret(wanted: Secret, live: Secret | undefined): AppObjectVerdict {
  const verdict = judgeExisting(wanted, live, 'Secret');
  if (verdict.action !== 'keep' && verdict.action !== 'update') return verdict;
  if (live?.type !== wanted.type) return { action: 'recreate', edited: verdict.action === 'update' && verdict.edited };
  return verdict;
}

/** Judges the ConfigMap that is there by the one that should be. */
export function judgeExistingConfigMap(wanted: ConfigMap, live: ConfigMap | undefined): AppObjectVerdict {
  return judgeExisting(wanted, live, 'ConfigMap');
}

function judgeExisting(wanted: ConfigMap, live: ConfigMap | undefined, kind: string): AppObjectVerdict {
  if (live === undefined) return { action: 'create', edited: false };
  if (!isOurs(wanted.metadata, live.metadata)) {
    const message =
      `The ${kind} ${wanted.metadata.name} exists and was not made for an S3Bucket: ` +
      'delete it, or choose another credentials.secretName.';
    return { action: 'conflict', message };
  }
  const owners = new Set(live.metadata.ownerReferences?.map(({ uid }) => uid));
  const { labels, annotations, ownerReferences = [] } = wanted.metadata;
  const isWhole =
    holdsAll(live.data, wanted.data) &&
    holdsAll(live.metadata.labels, labels) &&
    holdsAll(live.metadata.annotations, annotations);
  if (isWhole && ownerReferences.every(({ uid }) => owners.has(uid))) return { action: 'keep' };
  // Of other entries we would have written another hash; owners come and go with S3Buckets.
  const isOfNow = live.metadata.annotations?.[CONTENT_HASH_ANNOTATION] === annotations?.[CONTENT_HASH_ANNOTATION];
  return { action: live.immutable === true ? 'recreate' : 'update', edited: isOfNow && !isWhole };
}

// The owner too, so that a label that somebody took off comes back.
function isOurs(wanted: ObjectMeta, live: ObjectMeta): boolean {
  if (live.labels?.[MANAGED_LABEL] === 'true') return true;
  const uids = new Set(wanted.ownerReferences?.map(({ uid }) => uid));
  return live.ownerReferences?.some(({ uid }) => uids.has(uid)) ?? false;
}

function holdsAll(live: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => live[name] === value);
}

/** The key pair in an app's Secret, whatever its formats; undefined where it holds none. */
export function keyPairOfSecret(secret: Secret): KeyPair | undefined {
  const existing = readExistingKey(secret);
  if ('pair' in existing) return existing.pair;
  const file = Buffer.from(secret.data?.['credentials'] ?? '', 'base64').toString('utf8');
  const accessKeyId = /^aws_access_key_id *= *(\S+)$/m.exec(file)?.[1];
  const secretAccessKey = /^aws_secret_access_key *= *(\S+)$/m.exec(file)?.[1];
  return accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey };
}

/** The key id that an app's Secret holds, whatever its formats; undefined without one. */
export function accessKeyIdOfSecret(secret: Secret | undefined): string | undefined {
  return secret && keyPairOfSecret(secret)?.accessKeyId;
}
