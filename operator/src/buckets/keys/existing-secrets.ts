import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '../../kube/clock.js';
import type { Secret } from '../../kube/core-objects.js';
import { KubeClient } from '../../kube/kube-client.js';
import { objectKey } from '../../kube/kube-object.js';
import { CLOCK } from '../../kube/kube.tokens.js';
import { Reflector } from '../../kube/reflector.js';
import { SECRETS } from '../../kube/resource.js';
import { BucketMemory } from '../bucket-memory.js';
import { BucketQueue } from '../bucket-queue.js';

/** Secrets that are watched at most: each takes a connection. */
const MAX_WATCHES = 100;
/** Between two looks at a Secret that is watched, and at one that is not, in milliseconds. */
const WATCHED_INTERVAL_MS = 10 * 60_000;
const UNWATCHED_INTERVAL_MS = 15_000;

interface Followed {
  readonly reflector: Reflector<Secret> | undefined;
  /** The S3Buckets that use it. */
  readonly users: Set<string>;
}

/**
 * Tells of changes of the Secrets that users bring. Each is watched alone, by its name: no other Secret of the user, nor
 * any that Helm or others keep in the namespace, is read. Of what comes, only that it changed is kept.
 */
@Injectable()
export class ExistingSecrets implements OnApplicationShutdown {
  private readonly log = new Logger('existing-secrets');
  private readonly followed = new Map<string, Followed>();
  private readonly uses = new Map<string, string>();

  constructor(
    private readonly client: KubeClient,
    private readonly queue: BucketQueue,
    memory: BucketMemory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    memory.onForget((key) => this.release(key));
  }

  /**
   * From now on an S3Bucket has a pass whenever this Secret changes.
   *
   * @param name undefined where it uses none
   * @returns after how many milliseconds somebody should look all the same; undefined without a name
   */
  follow(key: string, namespace: string, name: string | undefined): number | undefined {
    const secret = name === undefined ? undefined : objectKey({ namespace, name });
    if (this.uses.get(key) !== secret) this.release(key);
    if (name === undefined || secret === undefined) return undefined;
    this.uses.set(key, secret);
    let followed = this.followed.get(secret);
    if (followed === undefined) this.followed.set(secret, (followed = this.begin(namespace, name)));
    followed.users.add(key);
    return followed.reflector === undefined ? UNWATCHED_INTERVAL_MS : WATCHED_INTERVAL_MS;
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([...this.followed.values()].map(({ reflector }) => reflector?.stop()));
  }

  private begin(namespace: string, name: string): Followed {
    const users = new Set<string>();
    const watched = [...this.followed.values()].filter(({ reflector }) => reflector !== undefined).length;
    if (watched >= MAX_WATCHES) return { reflector: undefined, users };
    const reflector = new Reflector(this.client, SECRETS, {
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: ({ metadata }) => ({ metadata }),
      clock: this.clock,
      onError: (error) => this.log.warn(`watch of the Secret ${namespace}/${name}: ${String(error)}`),
    });
    reflector.store.onChange(() => {
      for (const user of users) this.queue.add(user);
    });
    reflector.start();
    return { reflector, users };
  }

  private release(key: string): void {
    const secret = this.uses.get(key);
    if (secret === undefined) return;
    this.uses.delete(key);
    const followed = this.followed.get(secret);
    followed?.users.delete(key);
    if (followed === undefined || followed.users.size > 0) return;
    this.followed.delete(secret);
    void followed.reflector?.stop();
  }
}
