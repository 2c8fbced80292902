import { compileDocument, compileTemplate } from '../../xml/xml-template.js';
import { COMMON_PREFIX } from '../documents/common-prefix-template.js';
import type { Owner } from '../documents/owner.js';
import { encodeListed } from '../parameters/paging-parameters.js';
import type { ListPage } from './list-page.js';
import type { ListParameters } from './list-parameters.js';
import { describeListedObject, listedPrefixes, listedRows, type ListedRow } from './listed-object-template.js';

/** Where a listing of versions goes on. */
export interface VersionMarkers {
  readonly key: string;
  readonly versionId: string;
}

interface Values {
  readonly bucket: string;
  readonly prefix: string;
  readonly keyMarker: string;
  readonly versionIdMarker: string;
  readonly nextKeyMarker: string | undefined;
  readonly nextVersionIdMarker: string | undefined;
  readonly maxKeys: number;
  readonly delimiter: string | undefined;
  readonly isTruncated: boolean;
  readonly encodingType: string | undefined;
  readonly versions: readonly ListedRow[];
  readonly prefixes: readonly { readonly prefix: string }[];
}

/** The only version of an object in a bucket that was never versioned. */
const NULL_VERSION = 'null';

const VERSION = compileTemplate<ListedRow>('Version', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  xml.ele('VersionId').txt(NULL_VERSION);
  xml.ele('IsLatest').txt('true');
  describeListedObject(xml, slot);
});

const DOCUMENT = compileDocument<Values>('ListVersionsResult', (xml, slot) => {
  slot.leaf(xml, 'Name', 'bucket');
  slot.leaf(xml, 'Prefix', 'prefix');
  slot.leaf(xml, 'KeyMarker', 'keyMarker');
  slot.leaf(xml, 'VersionIdMarker', 'versionIdMarker');
  slot.leaf(xml, 'NextKeyMarker', 'nextKeyMarker');
  slot.leaf(xml, 'NextVersionIdMarker', 'nextVersionIdMarker');
  slot.leaf(xml, 'MaxKeys', 'maxKeys');
  slot.leaf(xml, 'Delimiter', 'delimiter');
  slot.leaf(xml, 'IsTruncated', 'isTruncated');
  slot.leaf(xml, 'EncodingType', 'encodingType');
  slot.part(xml, 'versions', VERSION);
  slot.part(xml, 'prefixes', COMMON_PREFIX);
});

/** What a page of ListObjectVersions shows. */
export interface ListObjectVersionsResult {
  readonly bucket: string;
  readonly parameters: ListParameters;
  readonly markers: VersionMarkers;
  readonly page: ListPage;
  readonly owner: Owner;
}

/** The answer to ListObjectVersions. */
export function listObjectVersionsDocument(result: ListObjectVersionsResult): Buffer {
  const { bucket, parameters, markers, page, owner } = result;
  const { prefix, delimiter, maxKeys, encoding } = parameters;
  return DOCUMENT.renderBytes({
    bucket,
    prefix: encodeListed(prefix, encoding),
    keyMarker: encodeListed(markers.key, encoding),
    versionIdMarker: markers.versionId,
    nextKeyMarker: page.next && encodeListed(page.next.last, encoding),
    nextVersionIdMarker: page.next === undefined || page.next.isPrefix ? undefined : NULL_VERSION,
    maxKeys,
    delimiter: delimiter === '' ? undefined : encodeListed(delimiter, encoding),
    isTruncated: page.next !== undefined,
    encodingType: encoding,
    versions: listedRows(page.objects, encoding, owner),
    prefixes: listedPrefixes(page.prefixes, encoding),
  });
}
