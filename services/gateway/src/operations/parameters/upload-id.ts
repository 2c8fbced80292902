import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';

// The letters of every S3's ids (AWS ends some in "_", Ceph begins with "2~"); no id is a path.
const UPLOAD_ID = /^(?!\.+$)[A-Za-z0-9._~=+-]{1,512}$/;

/**
 * The `uploadId` of a request.
 *
 * @throws S3Error `NoSuchUpload` for what no upload's id can be, so that it never becomes part of a path
 */
export function parseUploadId(query: QueryParameters): string {
  const uploadId = query.get('uploadId') ?? '';
  if (!UPLOAD_ID.test(uploadId)) throw new S3Error('NoSuchUpload', { details: { UploadId: uploadId } });
  return uploadId;
}
