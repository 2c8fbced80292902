import type { S3Response } from '../../http/s3-response.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkReadRequest, describeRead, headIntent, READ_PARAMETERS } from './object-read.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html */
@S3Operation({
  name: 'HeadObject',
  method: 'HEAD',
  resource: 'object',
  optionalQuery: READ_PARAMETERS,
  permission: 'read',
  body: 'none',
})
export class HeadObject implements Operation<ObjectContext> {
  execute(context: ObjectContext): MaybePromise<S3Response> {
    checkReadRequest(context.request);
    const info = context.bucket.store.head(context.key, headIntent(context.request));
    return info instanceof Promise ? info.then((found) => answer(context, found)) : answer(context, info);
  }
}

function answer(context: ObjectContext, info: ObjectInfo): S3Response {
  context.observed.objectSize = info.size;
  const { status, headers } = describeRead(context, info);
  return { status, headers };
}
