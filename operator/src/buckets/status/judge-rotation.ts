import type { S3Bucket } from '@bucketway/contract';
import type { KeyPlan } from '../../credentials/key-plan.js';
import type { Abnormal } from './conditions.js';
import { fails, holds } from '../verdict.js';

/** Whether a key is being replaced. Said while it is, and once that it no longer is. */
export function judgeRotation({ status }: Pick<S3Bucket, 'status'>, { phase, entry }: KeyPlan): Abnormal {
  const retiring = entry.keys.find(({ state }) => state === 'Retiring');
  const replacing = entry.keys.length > 1;
  if (phase === 'Overlap') {
    const until = retiring?.retireAt === undefined ? 'for a while' : `until ${retiring.retireAt}`;
    return {
      rotationInProgress: holds(
        'OverlapRunning',
        `The app's Secret has the new key; ${retiring?.accessKeyId ?? 'the old one'} works ${until}.`,
      ),
    };
  }
  if (phase === 'Retire') {
    return { rotationInProgress: holds('KeyRetiring', 'The old key is being withdrawn from the gateways.') };
  }
  if (replacing && (phase === 'Publish' || phase === 'Switch')) {
    return { rotationInProgress: holds('KeyIssued', 'A new key is on its way to the gateways and then to the app.') };
  }
  const wasRotating = status?.conditions?.some(({ type }) => type === 'RotationInProgress') ?? false;
  return wasRotating ? { rotationInProgress: fails('NotRotating', 'One key works and none is being replaced.') } : {};
}
