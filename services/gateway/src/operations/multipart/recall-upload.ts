import type { ObjectKey } from '../../http/object-key.js';
import type { MaybePromise } from '../../maybe-promise.js';
import type { MultipartStore, UploadInfo } from '../../objects/multipart-store.js';

/** What the parts of an upload are checked with. @throws S3Error `NoSuchUpload` */
export function recallUpload(
  store: MultipartStore,
  key: ObjectKey,
  uploadId: string,
): MaybePromise<Pick<UploadInfo, 'checksumAlgorithm'>> {
  return store.recall ? store.recall(key, uploadId) : store.get(key, uploadId);
}
