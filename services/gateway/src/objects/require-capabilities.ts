import { S3Error } from '../errors/s3-error.js';
import { NO_CONDITIONS, type WriteConditions } from './conditions.js';
import type { ObjectStore } from './object-store.js';
import type { Tag } from './object-info.js';

/** @throws S3Error `NotImplemented` where a storage could not keep a write's conditions exactly: a client must not rely on them then */
export function requireConditionalWrites(store: ObjectStore, conditions: WriteConditions): void {
  if (conditions === NO_CONDITIONS || store.capabilities.conditionalWrites) return;
  throw notSupported('conditional writes; leave out If-Match and If-None-Match');
}

/** @throws S3Error `NotImplemented` */
export function requireTagging(store: ObjectStore, tags?: readonly Tag[]): void {
  if (store.capabilities.tagging || tags?.length === 0) return;
  throw notSupported('object tags');
}

/** @throws S3Error `NotImplemented` */
export function requireMultipart(store: ObjectStore): void {
  if (!store.capabilities.multipart) throw notSupported('multipart uploads; send the object in one PutObject');
}

function notSupported(what: string): S3Error {
  return new S3Error('NotImplemented', { message: `The storage behind this bucket has no ${what}.` });
}
