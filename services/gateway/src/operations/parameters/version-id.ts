import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';

/**
 * Accepts the `versionId` of a request on a bucket without versions: none, or `null`, which names the only version there is.
 *
 * @throws S3Error `NoSuchVersion`, `InvalidArgument` for an empty one
 */
export function requireNullVersion(query: QueryParameters): void {
  if (query.list.length > 0) requireNullVersionId(query.get('versionId'));
}

/** The same for a version id that came in a copy source or an XML body. */
export function requireNullVersionId(versionId: string | undefined): void {
  if (versionId === undefined || versionId === 'null') return;
  if (versionId === '') {
    throw S3Error.invalidArgument('versionId', versionId, 'Version id cannot be the empty string');
  }
  throw new S3Error('NoSuchVersion', {
    message: 'The specified version does not exist: this bucket keeps no versions.',
    details: { VersionId: versionId },
  });
}
