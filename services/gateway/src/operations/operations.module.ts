import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { BucketPreflight, ObjectPreflight, ServicePreflight } from '../cors/preflight.js';
import { ObjectsModule } from '../objects/objects.module.js';
import { BUCKET_OPERATIONS } from './bucket/bucket-operations.js';
import { LISTING_OPERATIONS } from './listing/listing-operations.js';
import { PagesAhead } from './listing/pages-ahead.js';
import { MULTIPART_OPERATIONS } from './multipart/multipart-operations.js';
import { OBJECT_OPERATIONS } from './object/object-operations.js';
import { PostObject } from './post-object/post-object.js';
import { ListBuckets } from './service/list-buckets.js';
import { CopySourceOpener } from './copy/copy-source-opener.js';

/** Every S3 operation that the gateway knows. */
@Module({
  imports: [AuthModule, ObjectsModule],
  providers: [
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
})
export class OperationsModule {}
