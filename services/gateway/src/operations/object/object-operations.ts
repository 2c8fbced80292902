import type { Type } from '@nestjs/common';
import type { Operation } from '../operation.js';
import { CopyObject } from './copy-object.js';
import { DeleteObjectTagging } from './delete-object-tagging.js';
import { DeleteObject } from './delete-object.js';
import { DeleteObjects } from './delete-objects.js';
import { GetObjectAcl } from './get-object-acl.js';
import { GetObjectAttributes } from './get-object-attributes.js';
import { GetObjectLegalHold } from './get-object-legal-hold.js';
import { GetObjectRetention } from './get-object-retention.js';
import { GetObjectTagging } from './get-object-tagging.js';
import { GetObject } from './get-object.js';
import { HeadObject } from './head-object.js';
import { PutObjectAcl } from './put-object-acl.js';
import { PutObjectLegalHold } from './put-object-legal-hold.js';
import { PutObjectRetention } from './put-object-retention.js';
import { PutObjectTagging } from './put-object-tagging.js';
import { PutObject } from './put-object.js';

/** The operations on objects, to be provided. They need CopySourceOpener. */
export const OBJECT_OPERATIONS: readonly Type<Operation<never>>[] = [
  CopyObject,
  DeleteObject,
  DeleteObjects,
  DeleteObjectTagging,
  GetObject,
  GetObjectAcl,
  GetObjectAttributes,
  GetObjectLegalHold,
  GetObjectRetention,
  GetObjectTagging,
  HeadObject,
  PutObject,
  PutObjectAcl,
  PutObjectLegalHold,
  PutObjectRetention,
  PutObjectTagging,
];
