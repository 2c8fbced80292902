import type { Checksum } from '../../objects/checksum.js';
import { compileDocument, type XmlTemplate } from '../../xml/xml-template.js';
import { checksumMarkup } from '../documents/checksum-markup.js';

/** What a copy has made. */
export interface CopyResult {
  readonly lastModified: Date;
  /** Without quotes. */
  readonly etag: string;
  readonly checksum?: Checksum | undefined;
}

interface CopyResultValues {
  readonly lastModified: string;
  readonly etag: string;
  readonly checksum: string;
  readonly checksumType?: string | undefined;
}

const TEMPLATES = { CopyObjectResult: describe('CopyObjectResult'), CopyPartResult: describe('CopyPartResult') };

function describe(element: string): XmlTemplate<CopyResultValues> {
  return compileDocument<CopyResultValues>(element, (xml, slot) => {
    slot.leaf(xml, 'LastModified', 'lastModified');
    slot.quoted(xml, 'ETag', 'etag');
    xml.txt(slot.markup('checksum'));
    slot.leaf(xml, 'ChecksumType', 'checksumType');
  });
}

/** The answer of CopyObject or UploadPartCopy. */
export function copyResultDocument(element: keyof typeof TEMPLATES, result: CopyResult): string {
  const { lastModified, etag, checksum } = result;
  return TEMPLATES[element].render({
    lastModified: lastModified.toISOString(),
    etag,
    checksum: checksumMarkup(checksum),
    checksumType: element === 'CopyObjectResult' ? checksum?.type : undefined,
  });
}
