import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { StorageTree } from '../storage/storage-tree.js';
import { Buckets } from './buckets.js';
import { ConfiguredBuckets } from './configured-buckets.js';

/** Buckets and the objects in them, over the storages of the tree. */
@Module({
  imports: [AuthModule],
  providers: [StorageTree, { provide: Buckets, useClass: ConfiguredBuckets }],
  exports: [Buckets, StorageTree],
})
export class ObjectsModule {}
