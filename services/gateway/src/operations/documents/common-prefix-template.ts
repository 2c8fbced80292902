import { compileTemplate, type XmlTemplate } from '../../xml/xml-template.js';

/** A `CommonPrefixes` element. */
export const COMMON_PREFIX: XmlTemplate<{ readonly prefix: string }> = compileTemplate(
  'CommonPrefixes',
  (xml, slot) => {
    slot.leaf(xml, 'Prefix', 'prefix');
  },
);
