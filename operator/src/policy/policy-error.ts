import { formatMistake } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';

/** A tenancy policy that must not be applied: every mistake in it, a line each. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';

  constructor(readonly mistakes: readonly Mistake[]) {
    super(mistakes.map(formatMistake).join('\n'));
  }
}
