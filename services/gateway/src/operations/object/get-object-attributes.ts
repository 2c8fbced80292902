import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { formatHttpDate } from '../parameters/http-date.js';
import { parseInteger, parsePageSize } from '../parameters/paging-parameters.js';
import { refuseDecryptionHeaders } from '../parameters/unsupported-headers.js';
import { requireNullVersion } from '../parameters/version-id.js';
import { objectAttributesDocument, OBJECT_ATTRIBUTES, type ObjectAttribute } from './object-attributes-document.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
@S3Operation({
  name: 'GetObjectAttributes',
  method: 'GET',
  resource: 'object',
  query: ['attributes'],
  optionalQuery: ['versionId'],
  permission: 'read',
  body: 'none',
})
export class GetObjectAttributes implements Operation<ObjectContext> {
  async execute({ request, bucket, key }: ObjectContext): Promise<S3Response> {
    const { headers } = request;
    requireNullVersion(request.query);
    refuseDecryptionHeaders(headers);
    const wanted = decodeWanted(headers);
    const maxParts = parsePageSize('x-amz-max-parts', headers.get('x-amz-max-parts'));
    const marker = parseInteger('x-amz-part-number-marker', headers.get('x-amz-part-number-marker') ?? '0');
    const info = await bucket.store.head(key, { tags: false, ...(!wanted.has('ObjectParts') && { parts: 'none' }) });
    return {
      status: 200,
      headers: ['Last-Modified', formatHttpDate(info.lastModified)],
      body: objectAttributesDocument(info, wanted, { maxParts, marker }),
    };
  }
}

function decodeWanted(headers: HeaderMap): ReadonlySet<ObjectAttribute> {
  const header = headers.get('x-amz-object-attributes') ?? '';
  const wanted = new Set<ObjectAttribute>();
  for (const piece of header.split(',')) {
    const name = piece.trim();
    if (name === '') continue;
    const attribute = OBJECT_ATTRIBUTES.find((candidate) => candidate === name);
    if (attribute === undefined) {
      throw S3Error.invalidArgument('x-amz-object-attributes', name, 'Invalid attribute name specified.');
    }
    wanted.add(attribute);
  }
  if (wanted.size > 0) return wanted;
  throw S3Error.invalidArgument(
    'x-amz-object-attributes',
    header,
    'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
  );
}
