import { S3Error } from '../../errors/s3-error.js';
import { parseXml } from '../../xml/xml-reader.js';
import { unquoteETag } from '../parameters/entity-tags.js';

/** S3's limit for one DeleteObjects. */
export const MAX_DELETED_OBJECTS = 1000;

/** An entry of the document, as it was sent: what is wrong with one is that entry's error. */
export interface ObjectToDelete {
  readonly key: string;
  readonly versionId: string | undefined;
  /** Without quotes. */
  readonly etag: string | undefined;
  readonly size: string | undefined;
  readonly lastModified: string | undefined;
}

export interface DeleteRequest {
  readonly objects: readonly ObjectToDelete[];
  /** Only errors are answered. */
  readonly quiet: boolean;
}

/** @throws S3Error `MalformedXML`, also for no keys or more than {@link MAX_DELETED_OBJECTS} */
export function parseDeleteRequest(document: Buffer): DeleteRequest {
  const root = parseXml(document, 'Delete');
  const objects = root.children('Object');
  if (objects.length === 0 || objects.length > MAX_DELETED_OBJECTS) {
    throw new S3Error('MalformedXML', {
      message: `The XML you provided is not valid: it must name 1 to ${MAX_DELETED_OBJECTS} objects.`,
    });
  }
  return {
    quiet: root.optionalText('Quiet')?.trim().toLowerCase() === 'true',
    objects: objects.map((object) => {
      const etag = object.optionalText('ETag');
      return {
        key: object.text('Key'),
        versionId: object.optionalText('VersionId'),
        etag: etag === undefined ? undefined : unquoteETag(etag),
        size: object.optionalText('Size'),
        lastModified: object.optionalText('LastModifiedTime'),
      };
    }),
  };
}
