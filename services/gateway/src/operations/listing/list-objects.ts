import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { ownerOf } from '../shared/owner.js';
import { listObjectsDocument } from './list-objects-document.js';
import { listPage } from './list-page.js';
import { parseListParameters } from './list-parameters.js';

/** Version 1 of the listing, continued by the last key. */
@S3Operation({ name: 'ListObjects', method: 'GET', resource: 'bucket', permission: 'list', body: 'none' })
export class ListObjects implements Operation<BucketContext> {
  async execute({ request, principal, bucket }: BucketContext): Promise<S3Response> {
    const parameters = parseListParameters(request.query);
    const marker = request.query.get('marker') ?? '';
    const page = await listPage(bucket.store, parameters, marker);
    const owner = ownerOf(principal);
    const body = listObjectsDocument({ bucket: bucket.name, parameters, marker, page, owner });
    return { status: 200, headers: [], body };
  }
}
