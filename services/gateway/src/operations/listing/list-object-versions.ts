import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { ownerOf } from '../documents/owner.js';
import { xmlAnswer } from '../documents/xml-answer.js';
import { listObjectVersionsDocument, type VersionMarkers } from './list-object-versions-document.js';
import { listPage } from './list-page.js';
import { parseListParameters } from './list-parameters.js';

/**
 * Lists versions. A bucket that was never versioned has one of each object, called `null`: tools empty buckets by this list.
 */
@S3Operation({
  name: 'ListObjectVersions',
  method: 'GET',
  resource: 'bucket',
  query: ['versions'],
  permission: 'list',
  body: 'none',
})
export class ListObjectVersions implements Operation<BucketContext> {
  async execute({ request, principal, bucket }: BucketContext): Promise<S3Response> {
    const parameters = parseListParameters(request.query);
    const markers = parseMarkers(request.query);
    // With one version of each key, behind a version of the marker's key is behind that key.
    const page = await listPage(bucket.store, parameters, markers.key);
    const owner = ownerOf(principal);
    return xmlAnswer(listObjectVersionsDocument({ bucket: bucket.name, parameters, markers, page, owner }));
  }
}

function parseMarkers(query: QueryParameters): VersionMarkers {
  const key = query.get('key-marker') ?? '';
  const versionId = query.get('version-id-marker');
  if (versionId !== undefined && key === '') {
    throw S3Error.invalidArgument(
      'version-id-marker',
      versionId,
      'A version-id marker cannot be specified without a key marker.',
    );
  }
  if (versionId === '') {
    throw S3Error.invalidArgument('version-id-marker', '', 'A version-id marker cannot be empty.');
  }
  return { key, versionId: versionId ?? '' };
}
