import type { S3Response } from '../../http/s3-response.js';
import type { MaybePromise } from '../../maybe-promise.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { decodeDeleteConditions } from '../parameters/conditional-headers.js';
import { requireConditionalWrites } from '../../objects/require-capabilities.js';
import { requireNullVersion } from '../parameters/version-id.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
@S3Operation({
  name: 'DeleteObject',
  method: 'DELETE',
  resource: 'object',
  optionalQuery: ['versionId'],
  permission: 'write',
  body: 'none',
})
export class DeleteObject implements Operation<ObjectContext> {
  execute({ request, bucket, key }: ObjectContext): MaybePromise<S3Response> {
    requireNullVersion(request.query);
    const conditions = decodeDeleteConditions(request.headers);
    requireConditionalWrites(bucket.store, conditions);
    const deleted = bucket.store.delete(key, conditions);
    return deleted instanceof Promise ? deleted.then(noContent) : noContent();
  }
}

function noContent(): S3Response {
  return { status: 204, headers: [] };
}
