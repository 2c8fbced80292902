import type { Type } from '@nestjs/common';
import type { Operation } from '../operation.js';
import { CreateBucket } from './create-bucket.js';
import { DeleteBucket } from './delete-bucket.js';
import { DeleteBucketCors } from './delete-bucket-cors.js';
import { DeleteBucketTagging } from './delete-bucket-tagging.js';
import { FIXED_ANSWER_OPERATIONS } from './fixed-answers.js';
import { GetBucketAcl } from './get-bucket-acl.js';
import { GetBucketCors } from './get-bucket-cors.js';
import { GetBucketLocation } from './get-bucket-location.js';
import { GetBucketPolicyStatus } from './get-bucket-policy-status.js';
import { GetBucketTagging } from './get-bucket-tagging.js';
import { HeadBucket } from './head-bucket.js';
import { PutBucketAcl } from './put-bucket-acl.js';
import { PutBucketCors } from './put-bucket-cors.js';
import { PutBucketTagging } from './put-bucket-tagging.js';

/** The operations on a bucket itself, to be provided. */
export const BUCKET_OPERATIONS: readonly Type<Operation<never>>[] = [
  CreateBucket,
  DeleteBucket,
  HeadBucket,
  GetBucketAcl,
  PutBucketAcl,
  GetBucketCors,
  PutBucketCors,
  DeleteBucketCors,
  GetBucketLocation,
  GetBucketPolicyStatus,
  GetBucketTagging,
  PutBucketTagging,
  DeleteBucketTagging,
  ...FIXED_ANSWER_OPERATIONS,
];
