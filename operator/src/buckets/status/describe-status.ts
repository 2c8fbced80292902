import type {
  S3Bucket,
  S3BucketCredentialsStatus,
  S3BucketKey,
  S3BucketProgrammed,
  S3BucketStatus,
  S3BucketUsage,
} from '@bucketway/contract';
import { currentKey } from '../../credentials/current-key.js';
import type { KeyPlan } from '../../credentials/key-plan.js';
import type { OperatorConfiguration } from '../../config/operator-configuration.js';
import type { PublishedRevision } from '../../documents/published-revision.js';
import type { PolicyAcceptance } from '../../policy/decision.js';
import { mergeConditions, toSeconds } from './conditions.js';
import type { ConditionVerdicts } from './conditions.js';
import { describeUsage } from './describe-usage.js';
import { keyUseTime } from './key-use-time.js';
import type { PathBinding } from '../path-binding.js';
import { hasQuota } from '../to-mapped-bucket.js';
import type { BucketUse } from '../news/usage-news.js';

/** What a pass over an accepted S3Bucket found out beside its conditions. */
export interface StatusFacts {
  readonly granted: PolicyAcceptance;
  readonly plan: KeyPlan;
  /** Before it is past its trial, it has no bucket name and no Secret. */
  readonly binding: PathBinding;
  /** What gateways say of it. */
  readonly use: BucketUse;
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
  const { usage: usageBefore, ...others } = before ?? {};
  const usage = facts === undefined ? usageBefore : usageOf(facts, usageBefore);
  const isServed = facts !== undefined && facts.binding !== 'trial';
  return {
    ...others,
    ...(facts && {
      ...(isServed && { bucketName: before?.bucketName ?? facts.granted.bucketName }),
      path: facts.granted.path,
      endpoint: { url, region, addressingStyle },
      credentials: describeCredentials(facts, metadata.name, before?.credentials?.keys ?? []),
      ...(isServed &&
        facts.granted.credentials.mode === 'Managed' && { binding: { name: facts.granted.credentials.secretName } }),
      ...(facts.programmed && { programmed: facts.programmed }),
    }),
    ...(usage && { usage }),
    observedGeneration: generation,
    conditions: mergeConditions(before?.conditions, verdicts, generation, now),
  };
}

function usageOf({ granted, use }: StatusFacts, before: S3BucketUsage | undefined): S3BucketUsage | undefined {
  return hasQuota(granted.quota) ? describeUsage(before, use.usage) : undefined;
}

function describeCredentials(
  { plan, use }: StatusFacts,
  bucketName: string,
  before: readonly S3BucketKey[],
): S3BucketCredentialsStatus {
  const { entry, phase, nextRotationTime } = plan;
  const usedBefore = new Map(before.map(({ accessKeyId, lastUsedTime }) => [accessKeyId, lastUsedTime]));
  const current = currentKey(plan);
  const observed = entry.observedRotationRequests?.[bucketName];
  return {
    ...(current && { accessKeyId: current.accessKeyId, createdAt: toSeconds(new Date(current.createdAt)) }),
    ...(nextRotationTime && { nextRotationTime: toSeconds(nextRotationTime) }),
    ...(observed !== undefined && { observedRotationRequest: observed }),
    rotationPhase: phase === 'None' ? 'Idle' : phase,
    keys: entry.keys.map(({ accessKeyId, state, createdAt, retireAt }) => {
      const lastUsedTime = keyUseTime(usedBefore.get(accessKeyId), use.keys.get(accessKeyId));
      return {
        accessKeyId,
        state,
        createdAt: toSeconds(new Date(createdAt)),
        ...(retireAt !== undefined && { retireAt: toSeconds(new Date(retireAt)) }),
        ...(lastUsedTime !== undefined && { lastUsedTime }),
      };
    }),
  };
}
