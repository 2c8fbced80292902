import { create } from 'xmlbuilder2';
import { S3_NAMESPACE } from '../../xml/xml-template.js';

/** A document that is the same in every answer. */
export function fixedDocument(root: string, content: Readonly<Record<string, unknown>> = {}): string {
  const settings = { version: '1.0', encoding: 'UTF-8', defaultNamespace: { ele: S3_NAMESPACE } } as const;
  return create(settings, { [root]: content }).end();
}
