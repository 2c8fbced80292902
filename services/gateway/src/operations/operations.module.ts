import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuthModule } from '../auth/auth.module.js';
import { BucketPreflight, ObjectPreflight, ServicePreflight } from '../cors/preflight.js';
import { ObjectsModule } from '../objects/objects.module.js';
import { Admission } from './admission.js';
import { BUCKET_OPERATIONS } from './bucket/bucket-operations.js';
import { Dispatcher } from './dispatcher.js';
import { LISTING_OPERATIONS } from './listing/listing-operations.js';
import { PagesAhead } from './listing/pages-ahead.js';
import { MULTIPART_OPERATIONS } from './multipart/multipart-operations.js';
import { OBJECT_OPERATIONS } from './object/object-operations.js';
import { OperationRegistry } from './operation-registry.js';
import { PostObject } from './post-object/post-object.js';
import { ListBuckets } from './service/list-buckets.js';
import { CopySourceOpener } from './copy/copy-source-opener.js';

/** Every S3 operation that the gateway knows, and what takes a request to its own. */
@Module({
  imports: [DiscoveryModule, AuthModule, ObjectsModule],
  providers: [
    OperationRegistry,
    Admission,
    Dispatcher,
    CopySourceOpener,
    PagesAhead,
    ListBuckets,
    ...BUCKET_OPERATIONS,
    ...LISTING_OPERATIONS,
    ...OBJECT_OPERATIONS,
    ...MULTIPART_OPERATIONS,
    PostObject,
    ServicePreflight,
    BucketPreflight,
    ObjectPreflight,
  ],
  exports: [Dispatcher],
})
export class OperationsModule {}
