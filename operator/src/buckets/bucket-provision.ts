import { Injectable } from '@nestjs/common';
import type { S3Bucket } from '@bucketway/contract';
import { currentKey } from '../credentials/current-key.js';
import { objectKey } from '../kube/kube-object.js';
import type { PolicyAcceptance } from '../policy/decision.js';
import { ownerOf } from './admission.js';
import { AppSecrets } from './app-secrets.js';
import { BackendHealth } from './backend-health.js';
import type { Findings } from './conditions.js';
import type { StatusFacts } from './describe-status.js';
import { KeyRings } from './key-rings.js';
import type { RingPlan } from './key-rings.js';
import { knownReachable } from './known-reachable.js';
import { Programming } from './programming.js';
import { ringOf, RingUsers } from './ring-users.js';
import { toMappedBucket } from './to-mapped-bucket.js';
import { fails, holds, unknown } from './verdict.js';
import type { Verdict } from './verdict.js';

/** What a pass over an accepted S3Bucket found out. */
export interface Provisioned {
  readonly findings: Findings;
  readonly facts: StatusFacts;
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
    const program = this.programming.want(bucket, toMappedBucket(granted, ownerOf(bucket), ring.plan.grants));
    const credentialsReady = await this.handOut(bucket, granted, ring);
    const pair = currentKey(ring.plan);
    const known = program.restored === true ? knownReachable(bucket, granted, pair) : undefined;
    const backendReachable =
      program.stored !== undefined && program.verdict.status === 'True'
        ? this.backend.judge(key, granted, program.stored, pair, known)
        : unknown('NotProbed', 'The path is tried once every gateway serves the bucket.');
    return {
      findings: {
        accepted: holds('Accepted', `The S3Bucket is permitted and holds its name and path.${quotaNote(granted)}`),
        programmed: program.verdict,
        credentialsReady,
        backendReachable,
      },
      facts: {
        granted,
        plan: ring.plan,
        ...(program.stored && { stored: program.stored }),
        ...(program.programmed && { programmed: program.programmed }),
        ...(ring.lookAgainMs !== undefined && { lookAgainMs: ring.lookAgainMs }),
      },
    };
  }

  private async handOut(bucket: S3Bucket, granted: PolicyAcceptance, { plan, refusal }: RingPlan): Promise<Verdict> {
    if (refusal !== undefined) return refusal;
    const { mode, existingSecretName } = granted.credentials;
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

// Nothing should look stronger than it is.
function quotaNote({ quota }: PolicyAcceptance): string {
  return Object.keys(quota).length === 0 ? '' : ' Gateways of this version do not enforce its quota.';
}
