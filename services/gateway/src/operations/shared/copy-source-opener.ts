import { Injectable } from '@nestjs/common';
import { Access } from '../../auth/access.js';
import { S3Error } from '../../errors/s3-error.js';
import { Buckets } from '../../objects/buckets.js';
import type { OpenObject } from '../../objects/object-store.js';
import type { ObjectContext } from '../operation.js';
import { decodeCopySourceConditions } from './conditional-headers.js';
import { decodeCopySource, type CopySourceName } from './copy-source.js';
import { checkExpectedSourceOwner } from './expected-bucket-owner.js';
import { requireCopySourceConditions } from './read-preconditions.js';

/** The most that CopyObject and UploadPartCopy take at once: 5 GiB. */
export const MAX_COPY_BYTES = 5 * 1024 ** 3;

/** A copy source that the client may read, pinned. Whoever gets one closes it. */
export interface OpenCopySource {
  readonly name: CopySourceName;
  readonly object: OpenObject;
}

/** Finds, authorizes and opens the source of CopyObject and UploadPartCopy: the same gate as a GetObject of it. */
@Injectable()
export class CopySourceOpener {
  constructor(
    private readonly buckets: Buckets,
    private readonly access: Access,
  ) {}

  /** @throws S3Error `AccessDenied`, `NoSuchBucket`, `NoSuchKey`, `PreconditionFailed`, and those of {@link decodeCopySource} */
  async open({ request, principal }: ObjectContext): Promise<OpenCopySource> {
    const name = decodeCopySource(request.headers);
    const conditions = decodeCopySourceConditions(request.headers);
    const bucket = await this.buckets.find(name.bucket);
    this.access.require(principal, bucket.mapping, 'read', name.key);
    checkExpectedSourceOwner(request.headers, principal);
    const object = await bucket.store.open(name.key);
    try {
      requireCopySourceConditions(conditions, object.info);
    } catch (error) {
      await object.close();
      throw error;
    }
    return { name, object };
  }
}

/** @throws S3Error `InvalidRequest` for more bytes than one copy may have */
export function requireCopySize(bytes: number): void {
  if (bytes <= MAX_COPY_BYTES) return;
  throw new S3Error('InvalidRequest', {
    message: `The specified copy source is larger than the maximum allowable size for a copy source: ${MAX_COPY_BYTES}. Copy it in parts with UploadPartCopy.`,
  });
}
