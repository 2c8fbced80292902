import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { currentKey } from '../credentials/current-key.js';
import type { KeyPlan } from '../credentials/key-plan.js';
import { objectKey } from '../kube/kube-object.js';
import type { PolicyAcceptance } from '../policy/decision.js';
import { ownerOf } from './admission.js';
import { AppSecrets } from './keys/app-secrets.js';
import { BackendHealth } from './status/backend-health.js';
import type { Findings } from './status/conditions.js';
import type { StatusFacts } from './status/describe-status.js';
import { KeyRings } from './keys/key-rings.js';
import type { RingPlan } from './keys/key-rings.js';
import { knownReachable } from './status/known-reachable.js';
import { pathBinding } from './path-binding.js';
import type { PathBinding } from './path-binding.js';
import { Programming } from './programming.js';
import type { Program } from './programming.js';
import { ringOf, RingUsers } from './keys/ring-users.js';
import { toMappedBucket, toTrialMapping } from './to-mapped-bucket.js';
import { fails, holds, unknown } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What a pass over an accepted S3Bucket found out. */
export interface Provisioned {
  readonly findings: Findings;
  readonly facts: Omit<StatusFacts, 'use'>;
}

/** What a pass over an S3Bucket found out whose spec does not come into force. */
export interface Kept {
  readonly facts: Provisioned['facts'];
  /** Why the app does not have the key that it should. */
  readonly unwritten?: Verdict;
}

/** How far mapping, path and keys are. */
interface Served {
  readonly binding: PathBinding;
  readonly program: Program;
  readonly plan: KeyPlan;
}

/** Takes an accepted S3Bucket a step further: keys, mapping, gateways, the app's Secret, and whether it can be used. */
@Injectable()
export class BucketProvision {
  constructor(
    private readonly users: RingUsers,
    private readonly keyRings: KeyRings,
    private readonly programming: Programming,
    private readonly appSecrets: AppSecrets,
    private readonly backend: BackendHealth,
  ) {}

  async advance(bucket: S3Bucket, granted: PolicyAcceptance): Promise<Provisioned> {
    const key = objectKey(bucket.metadata);
    this.users.accept(bucket, granted);
    const ring = await this.keyRings.plan(ringOf(bucket));
    const stored = this.programming.stored(granted.bucketName);
    const binding = pathBinding(bucket, stored, this.backend.foundEmpty(key));
    const mapping = toMappedBucket(granted, ownerOf(bucket), ring.plan.grants);
    const program = this.programming.want(bucket, binding === 'trial' ? toTrialMapping(mapping) : mapping);
    const backendReachable = this.tryPath(bucket, granted, { binding, program, plan: ring.plan });
    const credentialsReady =
      binding === 'bound' ? await this.handOut(bucket, granted, ring) : (ring.refusal ?? keepBack(backendReachable));
    const lookAgainMs = Math.min(ring.lookAgainMs ?? Infinity, this.backend.relookMs(key) ?? Infinity);
    return {
      findings: {
        accepted: holds('Accepted', 'The S3Bucket is permitted and holds its name and path.'),
        programmed: program.verdict,
        credentialsReady,
        backendReachable,
      },
      facts: {
        ...describe(granted, ring.plan, program),
        binding: program.verdict.status === 'True' || binding === 'bound' ? binding : 'trial',
        ...(lookAgainMs !== Infinity && { lookAgainMs }),
      },
    };
  }

  /**
   * Keeps what is served for an S3Bucket whose spec does not come into force: its keys go on, and its app has one that
   * works.
   */
  async keep(bucket: S3Bucket, served: PolicyAcceptance): Promise<Kept> {
    this.users.accept(bucket, served);
    const ref = ringOf(bucket);
    const { plan, lookAgainMs } = await this.keyRings.plan(ref);
    const program = this.programming.want(bucket, toMappedBucket(served, ownerOf(bucket), plan.grants));
    const { secretKey } = plan;
    // Written only where it must be: in which formats is the spec's to say.
    const isLacking = served.credentials.mode === 'Managed' && secretKey && !this.appSecrets.hold(ref, secretKey);
    const written = isLacking ? await this.appSecrets.ensure(bucket, secretKey) : undefined;
    return {
      facts: {
        ...describe(served, plan, program),
        binding: 'bound',
        ...(lookAgainMs !== undefined && { lookAgainMs }),
      },
      ...(written?.status === 'False' && { unwritten: written }),
    };
  }

  private tryPath(bucket: S3Bucket, granted: PolicyAcceptance, { binding, program, plan }: Served): Verdict {
    if (program.stored === undefined || program.verdict.status !== 'True') {
      return unknown('NotProbed', 'The path is tried once every gateway serves the bucket.');
    }
    const pair = currentKey(plan);
    const known = program.restored === true ? knownReachable(bucket, granted, pair) : undefined;
    // What a bucket has written itself is no reason to refuse it.
    const pathPolicy =
      granted.pathPolicy === 'MustBeEmpty' && binding !== 'trial' ? 'CreateIfMissing' : granted.pathPolicy;
    const asked = { ...granted, pathPolicy };
    const verdict = this.backend.judge(objectKey(bucket.metadata), asked, program.stored, pair, known);
    if (binding !== 'trial' || verdict.status !== 'True') return verdict;
    return unknown('NotProbed', 'The path is empty, and clients are about to be let in.');
  }

  private async handOut(
    bucket: S3Bucket,
    granted: PolicyAcceptance,
    { plan, refusal, broughtBy }: RingPlan,
  ): Promise<Verdict> {
    const { mode, existingSecretName, secretName } = granted.credentials;
    if (mode === 'Existing' && broughtBy !== undefined && broughtBy !== existingSecretName) {
      const message =
        `Another S3Bucket with the credentials.secretName ${secretName} brings the key of the Secret ${broughtBy}, and those that ` +
        `share it have one key: refer to that Secret, or create the S3Bucket anew with another credentials.secretName.`;
      return fails('ExistingSecretInvalid', message);
    }
    if (refusal !== undefined) return refusal;
    if (mode === 'None') return holds('CredentialsNotRequested', 'No key was asked for.');
    if (plan.secretKey === undefined) {
      return fails('WaitingForGateways', 'The Secret is written once every gateway knows its key.');
    }
    if (mode === 'Existing') {
      return holds('ExistingSecretUsed', `Every gateway knows the key of the Secret ${String(existingSecretName)}.`);
    }
    return await this.appSecrets.ensure(bucket, plan.secretKey);
  }
}

function describe(
  granted: PolicyAcceptance,
  plan: KeyPlan,
  { stored, programmed }: Program,
): Omit<Provisioned['facts'], 'binding'> {
  return { granted, plan, ...(stored && { stored }), ...(programmed && { programmed }) };
}

/** No key is handed out for objects that may be of somebody else. */
function keepBack(backendReachable: Verdict): Verdict {
  if (backendReachable.reason === 'PathNotEmpty') return backendReachable;
  return unknown('NotProbed', 'The key is handed out once the path was found empty.');
}
