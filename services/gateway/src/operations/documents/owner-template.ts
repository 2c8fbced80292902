import { compileTemplate, type XmlTemplate } from '../../xml/xml-template.js';
import type { Owner } from './owner.js';

/** An `Owner` or `Initiator` element, to be put into a description. */
export function ownerTemplate(element: 'Owner' | 'Initiator'): XmlTemplate<Owner> {
  return compileTemplate<Owner>(element, (xml, slot) => {
    slot.leaf(xml, 'ID', 'id');
    slot.leaf(xml, 'DisplayName', 'displayName');
  });
}
