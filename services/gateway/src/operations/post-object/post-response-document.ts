import { compileDocument } from '../../xml/xml-template.js';

/** What the answer to a form upload with `success_action_status` 201 shows. */
export interface PostResponse {
  readonly location: string;
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
}

// Without a namespace, as S3 writes this one.
const DOCUMENT = compileDocument<PostResponse>(
  'PostResponse',
  (xml, slot) => {
    slot.leaf(xml, 'Location', 'location');
    slot.leaf(xml, 'Bucket', 'bucket');
    slot.leaf(xml, 'Key', 'key');
    slot.leaf(xml, 'ETag', 'etag');
  },
  null,
);

/** The document of a form upload's answer. */
export function postResponseDocument(response: PostResponse): string {
  return DOCUMENT.render(response);
}
