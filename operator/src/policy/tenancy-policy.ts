import type { Policy } from './policy.js';

/** The policy that this operator was started with, for injection. */
export class TenancyPolicy {
  constructor(readonly policy: Policy) {}
}
