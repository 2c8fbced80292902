import { isAnonymous, type Principal } from '../../auth/identity.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Request } from '../../http/s3-request.js';
import type { S3Response } from '../../http/s3-response.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { ObjectReader, OpenObject } from '../../objects/object-store.js';
import { StorageError } from '../../storage/storage-error.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { decodeResponseOverrides } from '../parameters/response-overrides.js';
import { checkReadRequest, describeRead, readIntent, READ_PARAMETERS, type ReadAnswer } from './object-read.js';

/** Of one request. A key that is replaced faster than it can be opened is one to come back to later. */
const MAX_OPENINGS = 5;
const NO_OVERRIDES: ReadonlyMap<string, string> = new Map();

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
    return context.bucket.store.redirectTo === undefined ? read(context) : redirectOrRead(context);
  }
}

/** A client that came with a link, or with nothing, can follow a redirect; one that signs its requests signs for this host. */
async function redirectOrRead(context: ObjectContext): Promise<S3Response> {
  const { request, principal, bucket, key } = context;
  if (isRedirectable(request, principal)) {
    const overrides = decodeResponseOverrides(request.query, principal) ?? NO_OVERRIDES;
    const location = await bucket.store.redirectTo?.(key, overrides);
    // The URL is good for minutes, and for whoever has it.
    if (location !== undefined) return { status: 307, headers: ['Location', location, 'Cache-Control', 'no-store'] };
  }
  return read(context);
}

function isRedirectable({ query, headers }: S3Request, principal: Principal): boolean {
  if (query.has('partNumber')) return false;
  return isAnonymous(principal) || !headers.has('authorization');
}

function read(context: ObjectContext): MaybePromise<S3Response> {
  return context.bucket.store.capabilities.pinnedReads === false ? readAnew(context) : readOnce(context);
}

/** Where an open object can be replaced before its first byte is read, the new one is as good an answer. */
async function readAnew(context: ObjectContext): Promise<S3Response> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(context);
    } catch (error) {
      const replaced =
        error instanceof S3Error && error.cause instanceof StorageError && error.cause.code === 'changed';
      if (!replaced || attempt === MAX_OPENINGS) throw error;
    }
  }
}

function readOnce(context: ObjectContext): MaybePromise<S3Response> {
  const opened = context.bucket.store.open(context.key, readIntent(context.request));
  return opened instanceof Promise ? opened.then((object) => answer(context, object)) : answer(context, opened);
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
