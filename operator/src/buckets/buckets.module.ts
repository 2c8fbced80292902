import { Module } from '@nestjs/common';
import { ClusterModule } from '../cluster/cluster.module.js';
import { DocumentsModule } from '../documents/documents.module.js';
import { GatewaysModule } from '../gateways/gateways.module.js';
import { KubeModule } from '../kube/kube.module.js';
import { Admission } from './admission.js';
import { AppObjects } from './app-objects.js';
import { AppSecrets } from './app-secrets.js';
import { BackendHealth } from './backend-health.js';
import { BucketController, BucketNews } from './bucket-controller.js';
import { BucketDeletion } from './bucket-deletion.js';
import { BucketEmptier } from './bucket-emptier.js';
import { BucketEvents } from './bucket-events.js';
import { BucketFinalizer } from './bucket-finalizer.js';
import { BucketMemory } from './bucket-memory.js';
import { BucketProvision } from './bucket-provision.js';
import { BucketQueue } from './bucket-queue.js';
import { BucketReconciler, BucketTransitions } from './bucket-reconciler.js';
import { Claims } from './claims.js';
import { ClusterNews, WatchedBuckets } from './cluster-news.js';
import { ExistingSecrets } from './existing-secrets.js';
import { ForgottenPast } from './forgotten-past.js';
import { GatewayNews } from './gateway-news.js';
import { KeyRings } from './key-rings.js';
import { LostBuckets } from './lost-buckets.js';
import { Programming } from './programming.js';
import { Release } from './release.js';
import { RingFacts } from './ring-facts.js';
import { RingUsers } from './ring-users.js';
import { StatusReporter } from './status-reporter.js';
import { StatusWriter } from './status-writer.js';
import { TakeOver } from './take-over.js';
import { UsageNews } from './usage-news.js';
import { VanishedBuckets } from './vanished-buckets.js';
import { Withdrawal } from './withdrawal.js';

/** S3Buckets: from what is asked to what gateways serve and apps can read. */
@Module({
  imports: [KubeModule, ClusterModule, DocumentsModule, GatewaysModule],
  providers: [
    Admission,
    AppObjects,
    AppSecrets,
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
    ExistingSecrets,
    ForgottenPast,
    GatewayNews,
    KeyRings,
    LostBuckets,
    Programming,
    Release,
    RingFacts,
    RingUsers,
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
