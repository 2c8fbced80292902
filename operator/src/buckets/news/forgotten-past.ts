import { Injectable, Logger } from '@nestjs/common';
import { shardOf } from '@bucketway/contract';
import type { DocumentKind } from '@bucketway/contract';
import { DocumentEvents } from '../../documents/document-events.js';
import { DocumentPublisher } from '../../documents/document-publisher.js';
import { GatewayFleet } from '../../gateways/gateway-fleet.js';
import type { GatewayPod } from '../../gateways/gateway-pod.js';
import type { GrantedKeys } from '../../gateways/granted-keys.js';
import { BucketMemory } from '../bucket-memory.js';

/** Until something that failed is tried again, in milliseconds. */
const RETRY_MS = 5000;

/** What a gateway has that is later than what is stored. */
interface Later {
  readonly pod: GatewayPod;
  readonly kind: DocumentKind;
  readonly shard: number;
  readonly revision: number;
}

/**
 * Gateways saw a time that the API server has forgotten: its data came back from an older backup. What happened since to
 * keys is known to the gateways alone: a key that they do not let in any more was revoked, replaced or deleted, and stays
 * so, whatever the backup says.
 */
@Injectable()
export class ForgottenPast {
  private readonly log = new Logger('restore');
  /** Keys that were stored when this replica took over; those that it makes itself are no past. */
  private stored: ReadonlySet<string> = new Set();
  private isKnown = false;
  /** Documents that are being written again above what gateways have. */
  private readonly raising = new Set<string>();
  /** What gateways are asked for before that. */
  private readonly recalling = new Set<Promise<void>>();

  constructor(
    private readonly publisher: DocumentPublisher,
    private readonly fleet: GatewayFleet,
    private readonly events: DocumentEvents,
    private readonly memory: BucketMemory,
  ) {}

  /** What is stored was loaded, and nothing was changed yet. */
  begin(): void {
    const ids = this.publisher.keyRings().flatMap(([, { keys }]) => keys.map(({ accessKeyId }) => accessKeyId));
    this.stored = new Set(ids);
    this.isKnown = false;
  }

  /** Resolves when what gateways know was asked for and taken into account. */
  async recalled(): Promise<void> {
    await Promise.allSettled(this.recalling);
  }

  /** Publishes documents anew of which a gateway has a later revision than is stored. */
  look(): void {
    const latest = new Map<string, Later>();
    for (const { pod, report } of this.fleet.reports()) {
      for (const [name, { kind, shard, revision, hash }] of report?.documents ?? []) {
        if (revision === undefined || shard >= this.publisher.shards) continue;
        const stored = this.publisher.version(kind, shard);
        // The same number for something else: it was given out again before anybody knew.
        const isAnother = revision === stored.revision && hash !== undefined && hash !== stored.hash;
        if (revision <= stored.revision && !isAnother) continue;
        if (revision > (latest.get(name)?.revision ?? 0)) latest.set(name, { pod, kind, shard, revision });
      }
    }
    for (const [name, later] of latest) if (!this.raising.has(name)) this.raise(name, later);
  }

  private raise(name: string, later: Later): void {
    this.raising.add(name);
    const { revision } = later;
    this.log.warn(`gateways have revision ${revision} of ${name}, which is not what is stored: published anew`);
    void this.publishAbove(later)
      .catch((error: unknown) => {
        this.log.warn(`${name} is not published anew yet: ${String(error)}`);
        setTimeout(() => this.look(), RETRY_MS).unref();
      })
      .finally(() => this.raising.delete(name));
  }

  private async publishAbove(later: Later): Promise<void> {
    const { kind, shard, revision } = later;
    if (kind === 'mappings') {
      const recall = this.recall(later);
      this.recalling.add(recall);
      await recall.finally(() => this.recalling.delete(recall));
    }
    this.fleet.announce(await this.publisher.raiseRevisionsAbove(kind, shard, revision));
  }

  private async recall(later: Later): Promise<void> {
    const { shard } = later;
    const granted = await this.ask(later);
    const withdrawn = new Set<string>();
    if (granted !== undefined) {
      for (const { name, grants } of this.publisher.mappings()) {
        if (shardOf(name, this.publisher.shards) !== shard) continue;
        for (const { accessKeyId } of grants) {
          if (this.stored.has(accessKeyId) && !granted.accessKeyIds.has(accessKeyId)) withdrawn.add(accessKeyId);
        }
      }
    }
    if (!this.isKnown) this.publisher.renewKeyIds();
    this.isKnown = true;
    this.events.pastForgotten(shard, granted === undefined ? undefined : withdrawn.size);
    if (withdrawn.size > 0) await this.publisher.withdrawKeys(shard, withdrawn, this.memory.wallTime());
  }

  // A gateway that does not answer is no reason to wait: buckets must come back, and that nothing is known is said.
  private async ask({ pod, shard, revision }: Later): Promise<GrantedKeys | undefined> {
    try {
      const granted = (await this.fleet.grantedKeys(pod)).get(shard);
      return granted === undefined || granted.revision < revision ? undefined : granted;
    } catch (error) {
      this.log.warn(`pod ${pod.name} does not say which keys it lets in: ${String(error)}`);
      return undefined;
    }
  }
}
