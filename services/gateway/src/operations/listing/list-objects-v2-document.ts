import { compileDocument } from '../../xml/xml-template.js';
import { COMMON_PREFIX } from '../documents/common-prefix-template.js';
import type { Owner } from '../documents/owner.js';
import { encodeListed } from '../parameters/paging-parameters.js';
import { encodeContinuationToken } from './continuation-token.js';
import { CONTENTS } from './list-objects-document.js';
import type { ListPage } from './list-page.js';
import type { ListParameters } from './list-parameters.js';
import { listedPrefixes, listedRows, type ListedRow } from './listed-object-template.js';

interface Values {
  readonly bucket: string;
  readonly prefix: string;
  readonly startAfter: string | undefined;
  readonly token: string | undefined;
  readonly nextToken: string | undefined;
  readonly keyCount: number;
  readonly maxKeys: number;
  readonly delimiter: string | undefined;
  readonly isTruncated: boolean;
  readonly encodingType: string | undefined;
  readonly contents: readonly ListedRow[];
  readonly prefixes: readonly { readonly prefix: string }[];
}

const DOCUMENT = compileDocument<Values>('ListBucketResult', (xml, slot) => {
  slot.leaf(xml, 'Name', 'bucket');
  slot.leaf(xml, 'Prefix', 'prefix');
  slot.leaf(xml, 'StartAfter', 'startAfter');
  slot.leaf(xml, 'ContinuationToken', 'token');
  slot.leaf(xml, 'NextContinuationToken', 'nextToken');
  slot.leaf(xml, 'KeyCount', 'keyCount');
  slot.leaf(xml, 'MaxKeys', 'maxKeys');
  slot.leaf(xml, 'Delimiter', 'delimiter');
  slot.leaf(xml, 'IsTruncated', 'isTruncated');
  slot.leaf(xml, 'EncodingType', 'encodingType');
  slot.part(xml, 'contents', CONTENTS);
  slot.part(xml, 'prefixes', COMMON_PREFIX);
});

/** What a page of ListObjectsV2 shows. */
export interface ListObjectsV2Result {
  readonly bucket: string;
  readonly parameters: ListParameters;
  readonly startAfter: string | undefined;
  /** As the client sent it. */
  readonly token: string | undefined;
  readonly page: ListPage;
  /** Only where the client asked for it. */
  readonly owner: Owner | undefined;
}

/** The answer to ListObjectsV2. */
export function listObjectsV2Document({ parameters, page, ...result }: ListObjectsV2Result): Buffer {
  const { prefix, delimiter, maxKeys, encoding } = parameters;
  return DOCUMENT.renderBytes({
    bucket: result.bucket,
    prefix: encodeListed(prefix, encoding),
    startAfter: result.startAfter === undefined ? undefined : encodeListed(result.startAfter, encoding),
    token: result.token,
    nextToken: page.next && encodeContinuationToken(page.next.last),
    keyCount: page.objects.length + page.prefixes.length,
    maxKeys,
    delimiter: delimiter === '' ? undefined : encodeListed(delimiter, encoding),
    isTruncated: page.next !== undefined,
    encodingType: encoding,
    contents: listedRows(page.objects, encoding, result.owner),
    prefixes: listedPrefixes(page.prefixes, encoding),
  });
}
