import type { S3Bucket, S3BucketCredentialsStatus, S3BucketProgrammed, S3BucketStatus } from '@bucketway/contract';
import { currentKey } from '../credentials/current-key.js';
import type { KeyPlan } from '../credentials/key-plan.js';
import type { OperatorConfiguration } from '../config/operator-configuration.js';
import type { PublishedRevision } from '../documents/published-revision.js';
import type { PolicyAcceptance } from '../policy/decision.js';
import { mergeConditions, toSeconds } from './conditions.js';
import type { ConditionVerdicts } from './conditions.js';

/** What a pass over an accepted S3Bucket found out beside its conditions. */
export interface StatusFacts {
  readonly granted: PolicyAcceptance;
  readonly plan: KeyPlan;
  /** The version of the mapping that gateways should have. */
  readonly stored?: PublishedRevision;
  readonly programmed?: S3BucketProgrammed;
  /** When something is to be looked at that may change without being told, in milliseconds. */
  readonly lookAgainMs?: number;
}

/** The status of an S3Bucket. Without facts (it was not accepted, or is on its way out), what was known stays. */
export function describeStatus(
  { metadata, status: before }: S3Bucket,
  verdicts: ConditionVerdicts,
  facts: StatusFacts | undefined,
  configuration: Pick<OperatorConfiguration, 'endpoint' | 'region' | 'addressingStyle'>,
  now: Date,
): S3BucketStatus {
  const generation = metadata.generation ?? 0;
  const { endpoint: url, region, addressingStyle } = configuration;
  return {
    ...before,
    ...(facts && {
      bucketName: before?.bucketName ?? facts.granted.bucketName,
      path: facts.granted.path,
      endpoint: { url, region, addressingStyle },
      credentials: describeCredentials(facts.plan, metadata.name),
      ...(facts.granted.credentials.mode === 'Managed' && { binding: { name: facts.granted.credentials.secretName } }),
      ...(facts.programmed && { programmed: facts.programmed }),
    }),
    observedGeneration: generation,
    conditions: mergeConditions(before?.conditions, verdicts, generation, now),
  };
}

function describeCredentials(plan: KeyPlan, bucketName: string): S3BucketCredentialsStatus {
  const { entry, phase, nextRotationTime } = plan;
  const current = currentKey(plan);
  const observed = entry.observedRotationRequests?.[bucketName];
  return {
    ...(current && { accessKeyId: current.accessKeyId, createdAt: toSeconds(new Date(current.createdAt)) }),
    ...(nextRotationTime && { nextRotationTime: toSeconds(nextRotationTime) }),
    ...(observed !== undefined && { observedRotationRequest: observed }),
    rotationPhase: phase === 'None' ? 'Idle' : phase,
    keys: entry.keys.map(({ accessKeyId, state, createdAt, retireAt }) => ({
      accessKeyId,
      state,
      createdAt: toSeconds(new Date(createdAt)),
      ...(retireAt !== undefined && { retireAt: toSeconds(new Date(retireAt)) }),
    })),
  };
}
