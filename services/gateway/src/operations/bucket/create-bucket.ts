import { SnapshotStore } from '../../config/snapshot-store.js';
import { readDocument } from '../../body/request-document.js';
import { S3Error } from '../../errors/s3-error.js';
import type { BucketName } from '../../http/bucket-name.js';
import type { HeaderMap } from '../../http/header-map.js';
import type { S3Response } from '../../http/s3-response.js';
import { Buckets } from '../../objects/buckets.js';
import type { Principal } from '../../auth/identity.js';
import { type Operation, type OperationContext, S3Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { bucketNameOf } from './bucket-name-of.js';
import { parseCreateBucketConfiguration } from './create-bucket-configuration.js';
import { notImplemented } from '../parameters/not-implemented.js';

/** Makes a bucket in the bucket root; who may is decided by {@link Buckets.create}. */
@S3Operation({
  name: 'CreateBucket',
  method: 'PUT',
  resource: 'bucket',
  permission: 'authenticated',
  body: 'document',
})
export class CreateBucket implements Operation {
  constructor(
    private readonly buckets: Buckets,
    private readonly snapshots: SnapshotStore,
  ) {}

  async execute({ request, principal, framing }: OperationContext): Promise<S3Response> {
    const name = bucketNameOf(request);
    const { region } = this.snapshots.current;
    refuseUnsupported(request.headers, principal);
    const document = await readDocument(request, framing);
    const { tags } = parseCreateBucketConfiguration(document, region);
    await this.create(name, principal, region);
    if (tags.length > 0) await (await this.buckets.find(name)).changeSettings({ tags });
    return { status: 200, headers: ['Location', `/${name}`] };
  }

  private async create(name: BucketName, principal: Principal, region: string): Promise<void> {
    try {
      await this.buckets.create(name, principal);
    } catch (error) {
      // S3's oldest region takes this for success, and tools that "make sure the bucket exists" count on it.
      const again = error instanceof S3Error && error.code === 'BucketAlreadyOwnedByYou' && region === 'us-east-1';
      if (!again) throw error;
    }
  }
}

function refuseUnsupported(headers: HeaderMap, principal: Principal): void {
  try {
    checkAclHeaders(headers, principal);
  } catch (error) {
    if (!(error instanceof S3Error && error.code === 'AccessControlListNotSupported')) throw error;
    throw new S3Error('InvalidBucketAclWithObjectOwnership', { cause: error });
  }
  const ownership = headers.get('x-amz-object-ownership');
  if (ownership !== undefined && ownership !== 'BucketOwnerEnforced') {
    throw notImplemented(
      'x-amz-object-ownership',
      'Buckets have no ACLs: the object ownership is BucketOwnerEnforced.',
    );
  }
  if (headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') {
    throw notImplemented('x-amz-bucket-object-lock-enabled', 'Object lock is not implemented.');
  }
}
