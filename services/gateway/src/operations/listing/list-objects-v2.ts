import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';
import { ownerOf } from '../documents/owner.js';
import { decodeContinuationToken, encodeContinuationToken } from './continuation-token.js';
import { listObjectsV2Document } from './list-objects-v2-document.js';
import { parseListParameters } from './list-parameters.js';
import { PagesAhead, type PageRequest } from './pages-ahead.js';

/** Version 2 of the listing, continued by an opaque token. */
@S3Operation({
  name: 'ListObjectsV2',
  method: 'GET',
  resource: 'bucket',
  query: ['list-type'],
  permission: 'list',
  body: 'none',
})
export class ListObjectsV2 implements Operation<BucketContext> {
  constructor(private readonly pages: PagesAhead) {}

  async execute({ request, principal, bucket }: BucketContext): Promise<S3Response> {
    const { query } = request;
    requireVersion2(query.get('list-type'));
    const parameters = parseListParameters(query);
    const startAfter = query.get('start-after');
    const token = query.get('continuation-token');
    // Where both are given the token alone counts, as in S3; an empty one begins the listing.
    const from = token === undefined || token === '' ? (startAfter ?? '') : decodeContinuationToken(token);
    const owner = query.get('fetch-owner')?.toLowerCase() === 'true' ? ownerOf(principal) : undefined;
    const shown = { bucket: bucket.name, parameters, startAfter, owner };
    const pageRequest = (begin: string, by: string | undefined): PageRequest => ({
      store: bucket.store,
      parameters,
      from: begin,
      id: JSON.stringify(['V2', shown, by]),
      document: (page) => listObjectsV2Document({ ...shown, token: by, page }),
      following: (last) => pageRequest(last, encodeContinuationToken(last)),
    });
    return await this.pages.answer(pageRequest(from, token));
  }
}

function requireVersion2(listType: string | undefined): void {
  if (listType === '2') return;
  throw S3Error.invalidArgument('list-type', listType ?? '', 'The list type must be 2, or left out for version 1.');
}
