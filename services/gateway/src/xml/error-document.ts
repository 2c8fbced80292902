import type { S3Error } from '../errors/s3-error.js';
import { escapeXml } from './escape-xml.js';
import { compileDocument } from './xml-template.js';

interface ErrorValues {
  readonly code: string;
  readonly message: string;
  readonly details: string;
  readonly resource: string;
  readonly requestId: string;
  readonly hostId: string;
}

const TEMPLATE = compileDocument<ErrorValues>(
  'Error',
  (xml, slot) => {
    slot.leaf(xml, 'Code', 'code');
    slot.leaf(xml, 'Message', 'message');
    xml.txt(slot.markup('details'));
    slot.leaf(xml, 'Resource', 'resource');
    slot.leaf(xml, 'RequestId', 'requestId');
    slot.leaf(xml, 'HostId', 'hostId');
  },
  null,
);

/**
 * The body of an error response (Amazon S3 API reference, "REST error responses").
 *
 * @param resource the path that was asked for
 */
export function errorDocument(error: S3Error, resource: string, requestId: string, hostId: string): string {
  let details = '';
  for (const [name, value] of Object.entries(error.details)) details += `<${name}>${escapeXml(value)}</${name}>`;
  return TEMPLATE.render({ code: error.code, message: error.message, details, resource, requestId, hostId });
}
