import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { StorageTree } from '../storage/storage-tree.js';
import { BucketRootFolders } from './bucket-root-folders.js';
import { BucketStateStore } from './bucket-state-store.js';
import { BucketStores } from './bucket-stores.js';
import { Buckets } from './buckets.js';
import { ConfiguredBuckets } from './configured-buckets.js';

/** Buckets and the objects in them, over the storages of the tree. */
@Module({
  imports: [AuthModule],
  providers: [
    StorageTree,
    BucketStateStore,
    BucketRootFolders,
    { provide: Buckets, useClass: ConfiguredBuckets },
    BucketStores,
  ],
  exports: [Buckets, StorageTree],
})
export class ObjectsModule {}
