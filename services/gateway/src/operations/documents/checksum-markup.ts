import { CHECKSUM_ALGORITHMS, type ChecksumAlgorithm } from '../../objects/checksum.js';
import { compileTemplate, type XmlTemplate } from '../../xml/xml-template.js';
import type { StatedChecksum } from '../parameters/checksum-headers.js';

const TEMPLATES: ReadonlyMap<ChecksumAlgorithm, XmlTemplate<StatedChecksum>> = new Map(
  CHECKSUM_ALGORITHMS.map((algorithm) => [
    algorithm,
    compileTemplate<StatedChecksum>(`Checksum${algorithm}`, (xml, slot) => void xml.txt(slot.value('value'))),
  ]),
);

/** The element of a checksum, `<ChecksumCRC32>…</ChecksumCRC32>`, for a slot of markup; nothing for none. */
export function checksumMarkup(checksum: StatedChecksum | undefined): string {
  return checksum === undefined ? '' : (TEMPLATES.get(checksum.algorithm)?.render(checksum) ?? '');
}
