import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { COMMON_PREFIX } from '../documents/common-prefix-template.js';
import type { Owner } from '../documents/owner.js';
import { encodeListed } from '../parameters/paging-parameters.js';
import type { ListPage } from './list-page.js';
import type { ListParameters } from './list-parameters.js';
import { describeListedObject, listedPrefixes, listedRows, type ListedRow } from './listed-object-template.js';

interface Values {
  readonly bucket: string;
  readonly prefix: string;
  readonly marker: string;
  readonly nextMarker: string | undefined;
  readonly maxKeys: number;
  readonly delimiter: string | undefined;
  readonly isTruncated: boolean;
  readonly encodingType: string | undefined;
  readonly contents: readonly ListedRow[];
  readonly prefixes: readonly { readonly prefix: string }[];
}

/** The row of an object in both versions of the listing. */
export const CONTENTS = compileTemplate<ListedRow>('Contents', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  describeListedObject(xml, slot);
});

const DOCUMENT = compileDocument<Values>('ListBucketResult', (xml, slot) => {
  slot.leaf(xml, 'Name', 'bucket');
  slot.leaf(xml, 'Prefix', 'prefix');
  slot.leaf(xml, 'Marker', 'marker');
  slot.leaf(xml, 'NextMarker', 'nextMarker');
  slot.leaf(xml, 'MaxKeys', 'maxKeys');
  slot.leaf(xml, 'Delimiter', 'delimiter');
  slot.leaf(xml, 'IsTruncated', 'isTruncated');
  slot.leaf(xml, 'EncodingType', 'encodingType');
  slot.part(xml, 'contents', CONTENTS);
  slot.part(xml, 'prefixes', COMMON_PREFIX);
});

/** What a page of ListObjects shows. */
export interface ListObjectsResult {
  readonly bucket: string;
  readonly parameters: ListParameters;
  readonly marker: string;
  readonly page: ListPage;
  readonly owner: Owner;
}

/** The answer to ListObjects. */
export function listObjectsDocument({ bucket, parameters, marker, page, owner }: ListObjectsResult): Buffer {
  const { prefix, delimiter, maxKeys, encoding } = parameters;
  return DOCUMENT.renderBytes({
    bucket,
    // Not encoded, unlike all the rest: the AWS CLI and boto3 ask for the encoding and decode the rest only.
    prefix,
    marker: encodeListed(marker, encoding),
    // S3 gives it with a delimiter only; clients that count on it always lose nothing where it is there.
    nextMarker: page.next && encodeListed(page.next.last, encoding),
    maxKeys,
    delimiter: delimiter === '' ? undefined : encodeListed(delimiter, encoding),
    isTruncated: page.next !== undefined,
    encodingType: encoding,
    contents: listedRows(page.objects, encoding, owner),
    prefixes: listedPrefixes(page.prefixes, encoding),
  });
}
