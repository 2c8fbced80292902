import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { ownerOf } from '../documents/owner.js';
import { listObjectsDocument } from './list-objects-document.js';
import { parseListParameters } from './list-parameters.js';
import { PagesAhead, type PageRequest } from './pages-ahead.js';

/** Version 1 of the listing, continued by the last key. */
@S3Operation({ name: 'ListObjects', method: 'GET', resource: 'bucket', permission: 'list', body: 'none' })
export class ListObjects implements Operation<BucketContext> {
  constructor(private readonly pages: PagesAhead) {}

  async execute({ request, principal, bucket }: BucketContext): Promise<S3Response> {
    const parameters = parseListParameters(request.query);
    const shown = { bucket: bucket.name, parameters, owner: ownerOf(principal) };
    const pageRequest = (marker: string): PageRequest => ({
      store: bucket.store,
      parameters,
      from: marker,
      id: JSON.stringify(['V1', shown, marker]),
      document: (page) => listObjectsDocument({ ...shown, marker, page }),
      following: pageRequest,
    });
    return await this.pages.answer(pageRequest(request.query.get('marker') ?? ''));
  }
}
