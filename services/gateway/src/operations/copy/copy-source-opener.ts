import { Injectable } from '@nestjs/common';
import { Access } from '../../auth/access.js';
import type { Principal } from '../../auth/identity.js';
import type { ObjectKey } from '../../http/object-key.js';
import { Buckets, type Bucket } from '../../objects/buckets.js';
import type { OpenObject } from '../../objects/object-store.js';
import { NO_BYTES, type ReadIntent } from '../../objects/read-intent.js';
import type { ObjectContext } from '../operation.js';
import { decodeCopySourceConditions } from '../parameters/conditional-headers.js';
import { decodeCopySource } from './copy-source.js';
import { checkExpectedSourceOwner } from '../parameters/expected-bucket-owner.js';
import { OpenCopySource } from './open-copy-source.js';
import { requireCopySourceConditions } from '../parameters/read-preconditions.js';

/** Finds, authorizes and opens the source of CopyObject and UploadPartCopy: the same gate as a GetObject of it. */
@Injectable()
export class CopySourceOpener {
  constructor(
    private readonly buckets: Buckets,
    private readonly access: Access,
  ) {}

  /** @throws S3Error `AccessDenied`, `NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, and those of {@link decodeCopySource} */
  async open({ request, principal }: ObjectContext, intent: ReadIntent = {}): Promise<OpenCopySource> {
    const name = decodeCopySource(request.headers);
    const conditions = decodeCopySourceConditions(request.headers);
    const bucket = await this.buckets.find(name.bucket);
    this.access.require(principal, bucket.mapping, 'read', name.key);
    checkExpectedSourceOwner(request.headers, principal);
    const object = await this.openObject(bucket, name.key, principal, intent);
    try {
      requireCopySourceConditions(conditions, object.info);
    } catch (error) {
      await object.close();
      throw error;
    }
    return new OpenCopySource(name, object);
  }

  private async openObject(
    { store, mapping }: Bucket,
    key: ObjectKey,
    principal: Principal,
    intent: ReadIntent,
  ): Promise<OpenObject> {
    try {
      // The storage may be able to copy by itself, without any byte being read here.
      return await store.open(key, { ...intent, parts: 'none', bytes: NO_BYTES });
    } catch (error) {
      throw this.access.hideMissing(error, principal, mapping, key);
    }
  }
}
