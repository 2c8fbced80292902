import { Inject, Injectable, Logger } from '@nestjs/common';
import { ClusterCache } from '../../cluster/cluster-cache.js';
import { EndpointAuthority } from '../../credentials/endpoint-authority.js';
import type { Clock } from '../../kube/clock.js';
import { CLOCK } from '../../kube/kube.tokens.js';
import { objectKey } from '../../kube/kube-object.js';
import { BucketQueue } from '../bucket-queue.js';

/** Between two looks at the file, in milliseconds: a kubelet takes up to a minute to bring a new one. */
const LOOK_MS = 5000;

/** Brings passes to the S3Buckets whose Secrets hold the endpoint's authority, when it was renewed. */
@Injectable()
export class AuthorityNews {
  private readonly log = new Logger('authority-news');
  private cancel: () => void = () => undefined;

  constructor(
    private readonly authority: EndpointAuthority,
    private readonly cache: ClusterCache,
    private readonly queue: BucketQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Begins to look. */
  follow(): void {
    if (this.authority.pem !== undefined) this.look();
  }

  stop(): void {
    this.cancel();
  }

  private look(): void {
    if (this.authority.refresh()) {
      const asked = [...this.cache.s3Buckets.values()].filter(({ spec }) =>
        spec.credentials?.formats?.includes('Files'),
      );
      this.log.log(`the endpoint's authority is another one: ${asked.length} S3Buckets hand it on`);
      for (const { metadata } of asked) this.queue.add(objectKey(metadata));
    }
    this.cancel = this.clock.setTimeout(() => this.look(), LOOK_MS);
  }
}
