import type { S3Request } from '../../http/s3-request.js';
import type { S3Response } from '../../http/s3-response.js';
import { encodePercent } from '../../http/percent-encoding.js';
import type { ObjectInfo } from '../../objects/object-info.js';
import { objectUrl } from '../documents/object-url.js';
import { postResponseDocument } from './post-response-document.js';
import type { FormFields } from './upload-form.js';

/** What a form upload has made. */
export interface PostedObject {
  readonly bucket: string;
  readonly info: ObjectInfo;
}

/**
 * Answers as the form asks: a redirect, a document (201), or an empty answer (200 or 204). What asks for anything else is
 * answered with 204, as in S3.
 */
export function postObjectResponse(request: S3Request, fields: FormFields, posted: PostedObject): S3Response {
  const { bucket, info } = posted;
  const etag = `"${info.etag}"`;
  const redirect = redirectTarget(fields.get('success_action_redirect') ?? fields.get('redirect'));
  if (redirect !== undefined) {
    return { status: 303, headers: ['Location', withResult(redirect, bucket, info.key, etag), 'ETag', etag] };
  }
  const location = objectUrl(request, bucket, info.key);
  const headers = ['Location', location, 'ETag', etag];
  switch (fields.get('success_action_status')) {
    case '200':
      return { status: 200, headers };
    case '201':
      return { status: 201, headers, body: postResponseDocument({ location, bucket, key: info.key, etag }) };
    default:
      return { status: 204, headers };
  }
}

/** A URL that S3 cannot read counts as none; one that a browser would run as a script must too. */
function redirectTarget(text: string | undefined): string | undefined {
  if (text === undefined || !/^https?:\/\//i.test(text)) return undefined;
  // Serialized, it has no character that could end the header.
  return URL.parse(text)?.href;
}

function withResult(target: string, bucket: string, key: string, etag: string): string {
  const hash = target.indexOf('#');
  const page = hash < 0 ? target : target.slice(0, hash);
  const result = `bucket=${encodePercent(bucket)}&key=${encodePercent(key, true)}&etag=${encodePercent(etag)}`;
  return `${page}${page.includes('?') ? '&' : '?'}${result}`;
}
