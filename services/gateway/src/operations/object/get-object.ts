import type { S3Response } from '../../http/s3-response.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectReader, OpenObject } from '../../objects/object-store.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkReadRequest, describeRead, READ_PARAMETERS, type ReadAnswer } from './object-read.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
@S3Operation({
  name: 'GetObject',
  method: 'GET',
  resource: 'object',
  optionalQuery: READ_PARAMETERS,
  permission: 'read',
  body: 'none',
})
export class GetObject implements Operation<ObjectContext> {
  // A store that answers at once is answered at once: promises would be a third of a small read.
  execute(context: ObjectContext): MaybePromise<S3Response> {
    checkReadRequest(context.request);
    const opened = context.bucket.store.open(context.key);
    return opened instanceof Promise ? opened.then((object) => answer(context, object)) : answer(context, opened);
  }
}

function answer(context: ObjectContext, object: OpenObject): MaybePromise<S3Response> {
  context.observed.objectSize = object.info.size;
  let read: ReadAnswer;
  let reader: MaybePromise<ObjectReader>;
  try {
    read = describeRead(context, object.info);
    if (read.range === undefined) return afterClosing(object, { status: read.status, headers: read.headers });
    reader = object.read(read.range);
  } catch (error) {
    return afterClosing(object, undefined, error);
  }
  if (!(reader instanceof Promise)) return respond(read, reader);
  return reader.then(
    (opened) => respond(read, opened),
    (error: unknown) => afterClosing(object, undefined, error),
  );
}

function respond({ status, headers, range }: ReadAnswer, reader: ObjectReader): S3Response {
  const { start, end } = range as { start: number; end: number };
  return { status, headers, body: { length: end - start, reader } };
}

/** Closes an object of which nothing is read, then returns the response or throws the error. */
function afterClosing(object: OpenObject, response: S3Response | undefined, error?: unknown): MaybePromise<S3Response> {
  const closed = object.close();
  const settle = (): S3Response => {
    if (response === undefined) throw error;
    return response;
  };
  return closed instanceof Promise ? closed.then(settle) : settle();
}
