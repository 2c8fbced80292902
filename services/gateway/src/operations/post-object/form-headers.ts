import { S3Error } from '../../errors/s3-error.js';
import { HeaderMap } from '../../http/header-map.js';
import { isHeaderName, toHeaderValue } from '../../http/header-text.js';
import type { FormFields } from './upload-form.js';

const STORED_FIELDS = new Set([
  'cache-control',
  'content-type',
  'content-disposition',
  'content-encoding',
  'content-language',
  'expires',
]);
// Tags come as a document in a field of their own, and the signature's fields are no part of the object.
const OTHER_FIELDS = new Set(['x-amz-tagging', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-signature']);

/**
 * The fields of a form that stand for headers of PutObject, as such: the same code then decides what is stored, checked and
 * refused for both.
 *
 * @throws S3Error `InvalidArgument` for control characters in a value, or a name that no header can have
 */
export function formHeaders(fields: FormFields): HeaderMap {
  const raw: string[] = [];
  for (const [name, value] of fields) {
    const isHeader = STORED_FIELDS.has(name) || (name.startsWith('x-amz-') && !OTHER_FIELDS.has(name));
    if (!isHeader) continue;
    // Metadata goes back as headers, and one that cannot be sent would make the object unreadable.
    if (!isHeaderName(name)) throw S3Error.invalidArgument(name, value, 'The field name is not valid in a header.');
    raw.push(name, toHeaderValue(name, value));
  }
  const acl = fields.get('acl');
  if (acl !== undefined && !fields.has('x-amz-acl')) raw.push('x-amz-acl', toHeaderValue('acl', acl));
  return HeaderMap.parse(raw);
}
