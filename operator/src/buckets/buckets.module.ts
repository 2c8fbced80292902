import { Module } from '@nestjs/common';
import { ClusterModule } from '../cluster/cluster.module.js';
import { DocumentsModule } from '../documents/documents.module.js';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { KubeModule } from '../kube/kube.module.js';
import { Admission } from './admission.js';
import { AppEndpoint } from './keys/app-endpoint.js';
import { AppObjects } from './keys/app-objects.js';
import { AppSecrets } from './keys/app-secrets.js';
import { AuthorityNews } from './news/authority-news.js';
import { EndpointAuthority } from '../credentials/endpoint-authority.js';
import { BackendHealth } from './status/backend-health.js';
import { BucketController, BucketNews } from './bucket-controller.js';
import { BucketDeletion } from './deletion/bucket-deletion.js';
import { BucketEmptier } from './deletion/bucket-emptier.js';
import { BucketEvents } from './status/bucket-events.js';
import { BucketFinalizer } from './deletion/bucket-finalizer.js';
import { BucketMemory } from './bucket-memory.js';
import { BucketProvision } from './bucket-provision.js';
import { BucketQueue } from './bucket-queue.js';
import { BucketReconciler, BucketTransitions } from './bucket-reconciler.js';
import { Claims } from './claims.js';
import { ClusterNews, WatchedBuckets } from './news/cluster-news.js';
import { DeletionKeys } from './deletion/deletion-keys.js';
import { ExistingSecrets } from './keys/existing-secrets.js';
import { ForgottenPast } from './news/forgotten-past.js';
import { GatewayNews } from './news/gateway-news.js';
import { KeyRings } from './keys/key-rings.js';
import { LostBuckets } from './deletion/lost-buckets.js';
import { Programming } from './programming.js';
import { Release } from './deletion/release.js';
import { RingFacts } from './keys/ring-facts.js';
import { RingUsers } from './keys/ring-users.js';
import { ServedBuckets } from './served-buckets.js';
import { StatusReporter } from './status/status-reporter.js';
import { StatusWriter } from './status/status-writer.js';
import { TakeOver } from './take-over.js';
import { UsageNews } from './news/usage-news.js';
import { VanishedBuckets } from './news/vanished-buckets.js';
import { Withdrawal } from './deletion/withdrawal.js';

/** S3Buckets: from what is asked to what gateways serve and apps can read. */
@Module({
  imports: [KubeModule, ClusterModule, DocumentsModule, GatewaysModule],
  providers: [
    Admission,
    AppEndpoint,
    AppObjects,
    AppSecrets,
    AuthorityNews,
    BackendHealth,
    BucketController,
    BucketDeletion,
    BucketEmptier,
    BucketEvents,
    BucketFinalizer,
    BucketMemory,
    BucketNews,
    BucketProvision,
    BucketQueue,
    BucketReconciler,
    BucketTransitions,
    Claims,
    ClusterNews,
    EndpointAuthority,
    DeletionKeys,
    ExistingSecrets,
    ForgottenPast,
    GatewayNews,
    KeyRings,
    LostBuckets,
    Programming,
    Release,
    RingFacts,
    RingUsers,
    ServedBuckets,
    StatusReporter,
    StatusWriter,
    TakeOver,
    UsageNews,
    VanishedBuckets,
    WatchedBuckets,
    Withdrawal,
  ],
  exports: [BucketController],
})
export class BucketsModule {}
