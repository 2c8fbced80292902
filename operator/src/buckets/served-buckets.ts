import { Injectable } from '@nestjs/common';
import { S3_BUCKET_FINALIZER } from '@bucketway/contract';
import type { MappedBucket, S3Bucket, S3BucketCredentials, S3BucketCredentialsMode } from '@bucketway/contract';
import { DocumentPublisher } from '../documents/document-publisher.js';
import type { Decision, EffectiveCredentials, PolicyAcceptance, PolicyReason } from '../policy/decision.js';
import { Admission, ownerOf, wantedName } from './admission.js';
import { Claims } from './claims.js';
import { Withdrawal } from './deletion/withdrawal.js';
import { ringOf } from './keys/ring-users.js';
import { isUnbound, pathBinding } from './path-binding.js';
import { accessModeOf, servedAs } from './to-mapped-bucket.js';

/** What is asked about only once the policy has found that the path is permitted. */
const BESIDE_THE_PATH: ReadonlySet<PolicyReason> = new Set([
  'NameReserved',
  'AccessModeNotAllowed',
  'AnonymousNotAllowed',
  'ReclaimDeleteNotAllowed',
  'ExistingSecretNotAllowed',
  'LimitExceeded',
]);

/**
 * What gateways serve for an S3Bucket whose spec does not come into force, since it is refused or suspended: that stays as
 * it is, unless the tenancy policy permits not even that any more.
 */
@Injectable()
export class ServedBuckets {
  constructor(
    private readonly admission: Admission,
    private readonly withdrawal: Withdrawal,
    private readonly claims: Claims,
    private readonly publisher: DocumentPublisher,
  ) {}

  /** What the tenancy policy says to what is served; undefined where nothing is. */
  judge(bucket: S3Bucket): Decision | undefined {
    const mapping = this.mappingOf(bucket);
    if (mapping === undefined || pathBinding(bucket, mapping, false) === 'trial') return undefined;
    const mode = this.keyMode(bucket);
    const { credentials = {}, suspend } = bucket.spec;
    // Of a spec that is refused for something else, keys are replaced in time and follow the Secret of the user.
    if (suspend !== true && (credentials.mode ?? 'Managed') === mode) {
      const decision = this.ask(bucket, mapping, credentials);
      if (decision.accepted) return decision;
    }
    const { secretName, formats } = credentials;
    const held = { mode, ...(secretName !== undefined && { secretName }), ...(formats && { formats }) };
    const decision = this.ask(bucket, mapping, held);
    return decision.accepted ? { ...decision, credentials: this.unchanged(bucket, decision.credentials) } : decision;
  }

  /** Whether it was served once, and what was is lost: only its spec tells then what it was. */
  isLost({ metadata, status }: S3Bucket): boolean {
    return status?.bucketName !== undefined && this.withdrawal.servedName(metadata) === undefined;
  }

  /**
   * Gives an S3Bucket back what its status says that it held, where no mapping says so any more: the document was lost, the
   * policy took the mapping away, or its deletion was under way. Nobody but the operator writes a status; that of somebody
   * who may do so nevertheless holds only what the policy permits.
   */
  inherit(bucket: S3Bucket): void {
    const { metadata, spec, status } = bucket;
    if (status?.path === undefined || hasLetGo(bucket)) return;
    if (this.claims.ledger.heldBy(metadata) !== undefined) return this.learnAccessMode(bucket);
    const { path, bucketName = wantedName(bucket) } = status;
    const decision = this.admission.decide({ ...bucket, spec: { ...spec, path, bucketName } });
    if (!decision.accepted && !BESIDE_THE_PATH.has(decision.reason)) return;
    this.claims.ledger.inherit({
      owner: ownerOf(bucket),
      bucketName,
      path,
      accessMode: spec.accessMode ?? 'ReadWrite',
      isTrial: isUnbound(bucket),
    });
  }

  /**
   * A mapping without any key does not tell whether its path was written to. The spec does, refused or not: it is believed
   * where nobody else has anything at the path.
   */
  private learnAccessMode(bucket: S3Bucket): void {
    const { metadata, spec } = bucket;
    const held = this.claims.ledger.heldBy(metadata);
    if (held?.owner.uid !== metadata.uid || (spec.accessMode ?? 'ReadWrite') === held.accessMode) return;
    if (this.publisher.mapping(held.bucketName)?.bucket.grants.length !== 0) return;
    const rules = { overlap: 'SameNamespace', creationTimestamp: '' } as const;
    const asked = { ...held, accessMode: 'ReadWrite', isTrial: isUnbound(bucket), ...rules } as const;
    if (!this.claims.claim(asked).granted) this.claims.ledger.stopWaiting(held.owner);
  }

  /** What counts of an S3Bucket before its first pass: its spec, or else what is served. */
  grant(bucket: S3Bucket): PolicyAcceptance | undefined {
    const waits = bucket.spec.suspend === true && !this.isLost(bucket);
    const admitted = waits ? undefined : this.admission.admit(bucket);
    if (admitted !== undefined && 'accepted' in admitted) return admitted.accepted;
    const served = this.judge(bucket);
    return served?.accepted === true ? served : undefined;
  }

  /** Whether the tenancy policy lets the data be deleted at the path that an S3Bucket holds; where it holds none, there is none. */
  permitsDelete(bucket: S3Bucket): boolean {
    // The claim is there until the end, and the mapping goes before it.
    const held = this.claims.ledger.heldBy(bucket.metadata);
    if (held === undefined) return true;
    const { bucketName, path, accessMode } = held;
    return this.admission.decide({ ...bucket, spec: { bucketName, path, accessMode, reclaimPolicy: 'Delete' } })
      .accepted;
  }

  private mappingOf(bucket: S3Bucket): MappedBucket | undefined {
    const name = this.withdrawal.servedName(ownerOf(bucket));
    return name === undefined ? undefined : this.publisher.mapping(name)?.bucket;
  }

  private ask(bucket: S3Bucket, mapping: MappedBucket, credentials: S3BucketCredentials): Decision {
    const { quota, cors, ...served } = servedAs(mapping);
    // Without any key, the mapping does not tell what one may do.
    const held = mapping.grants.length > 0 ? undefined : this.claims.ledger.heldBy(bucket.metadata);
    const accessMode = held?.accessMode ?? accessModeOf(mapping);
    // Neither a quota nor what becomes of the data is a right to the path: a limit that was lowered ends nothing.
    const decision = this.admission.decide({ ...bucket, spec: { ...served, accessMode, credentials } });
    return decision.accepted ? { ...decision, ...served, accessMode, quota, cors } : decision;
  }

  /** No rotation begins, and none that was asked for before is asked for again. */
  private unchanged(
    bucket: S3Bucket,
    { rotation: { overlapMs }, ...credentials }: EffectiveCredentials,
  ): EffectiveCredentials {
    const answered = this.publisher.keys(ringOf(bucket))?.observedRotationRequests?.[bucket.metadata.name];
    return { ...credentials, rotation: { overlapMs }, ...(answered !== undefined && { rotationRequest: answered }) };
  }

  /** Where its keys come from. */
  private keyMode(bucket: S3Bucket): S3BucketCredentialsMode {
    const keys = this.publisher.keys(ringOf(bucket))?.keys ?? [];
    const key = keys.find(({ state }) => state !== 'Retiring') ?? keys[0];
    if (key !== undefined) return key.origin ?? 'Managed';
    const hadKey = bucket.status?.credentials?.accessKeyId !== undefined;
    return hadKey ? (bucket.spec.credentials?.mode ?? 'Managed') : 'None';
  }
}

function hasLetGo({ metadata: { deletionTimestamp, finalizers = [] } }: S3Bucket): boolean {
  return deletionTimestamp !== undefined && !finalizers.includes(S3_BUCKET_FINALIZER);
}
