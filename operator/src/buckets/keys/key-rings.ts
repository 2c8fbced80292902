import { Injectable, Logger } from '@nestjs/common';
import { planKeys } from '../../credentials/key-ring.js';
import type { KeyPlan } from '../../credentials/key-plan.js';
import { keyRingName } from '../../credentials/key-ring-entry.js';
import type { KeyRingRef } from '../../credentials/key-ring-entry.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketMemory } from '../bucket-memory.js';
import { BucketQueue } from '../bucket-queue.js';
import { RingFacts } from './ring-facts.js';
import { RingUsers } from './ring-users.js';
import type { RingUser } from './ring-users.js';
import { fails } from '../verdict.js';
import type { Verdict } from '../verdict.js';

/** What is to be done with the keys of a ring, and what is wrong with the user's own. */
export interface RingPlan {
  readonly plan: KeyPlan;
  readonly refusal?: Verdict;
  /** The Secret of the user that the key is taken from. */
  readonly broughtBy?: string;
  /** When it is to be planned again even if nothing is told to have changed, in milliseconds. */
  readonly lookAgainMs?: number;
}

/** Takes key rings a step further each time somebody asks. */
@Injectable()
export class KeyRings {
  private readonly log = new Logger('keys');

  constructor(
    private readonly users: RingUsers,
    private readonly facts: RingFacts,
    private readonly publisher: DocumentPublisher,
    private readonly queue: BucketQueue,
    private readonly memory: BucketMemory,
  ) {}

  /** The next step of a ring. What changes of it is on its way to be stored when this resolves. */
  async plan(ref: KeyRingRef): Promise<RingPlan> {
    const users = this.users.usersOf(ref);
    const { wish, refusal, ...later } = await this.facts.wish(users);
    const plan = planKeys(this.memory.wallTime(), this.publisher.keys(ref), wish, this.facts.facts(ref, users));
    if (plan.changed) this.keep(ref, plan, users);
    if (refusal !== undefined) return { plan, refusal, ...later };
    return plan.refusal === undefined ? { plan, ...later } : { plan, refusal: toVerdict(plan.refusal), ...later };
  }

  /** A ring that nobody uses any more ends with its keys. */
  async remove(ref: KeyRingRef): Promise<void> {
    if (this.publisher.keys(ref) !== undefined) await this.publisher.removeKeys(ref);
  }

  private keep(ref: KeyRingRef, plan: KeyPlan, users: readonly RingUser[]): void {
    this.publisher.setKeys(ref, plan.entry).then(
      () => this.requeue(users),
      (error: unknown) => {
        this.log.warn(`the keys of ${keyRingName(ref)} are not stored yet: ${String(error)}`);
        for (const { bucket } of users) this.queue.retry(objectKey(bucket.metadata));
      },
    );
  }

  private requeue(users: readonly RingUser[]): void {
    for (const { bucket } of users) this.queue.add(objectKey(bucket.metadata));
  }
}

function toVerdict({ reason, message }: NonNullable<KeyPlan['refusal']>): Verdict {
  return fails(reason === 'KeyIdTaken' ? 'AccessKeyTaken' : 'ExistingSecretInvalid', message);
}
