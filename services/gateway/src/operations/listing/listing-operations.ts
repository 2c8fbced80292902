import type { Type } from '@nestjs/common';
import type { Operation } from '../operation.js';
import { ListObjectVersions } from './list-object-versions.js';
import { ListObjectsV2 } from './list-objects-v2.js';
import { ListObjects } from './list-objects.js';

/** The listings of a bucket, to be provided. */
export const LISTING_OPERATIONS: readonly Type<Operation<never>>[] = [ListObjects, ListObjectsV2, ListObjectVersions];
