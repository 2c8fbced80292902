import { S3Error } from '../../errors/s3-error.js';
import type { Tag } from '../../objects/object-info.js';
import type { XmlElement } from '../../xml/xml-element.js';
import { parseXml } from '../../xml/xml-reader.js';
import { checkTagSet, MAX_BUCKET_TAGS } from '../documents/tag-set.js';

/** What the document of CreateBucket asks for, the region apart, of which there is one. */
export interface CreateBucketConfiguration {
  readonly tags: readonly Tag[];
}

/**
 * Parses the document of CreateBucket, which may be empty.
 *
 * @param region of this gateway
 * @throws S3Error `MalformedXML`, `InvalidLocationConstraint`, `InvalidTag`, `NotImplemented` for directory buckets
 */
export function parseCreateBucketConfiguration(document: Buffer, region: string): CreateBucketConfiguration {
  if (document.length === 0) return { tags: [] };
  const root = parseXml(document, 'CreateBucketConfiguration');
  for (const name of ['Location', 'Bucket']) {
    if (root.optionalChild(name) !== undefined) {
      throw new S3Error('NotImplemented', {
        message: 'Directory buckets are not implemented; leave Location and Bucket out.',
      });
    }
  }
  checkLocation(root.optionalText('LocationConstraint') ?? '', region);
  const tags = root.optionalChild('Tags')?.children('Tag').map(parseTag) ?? [];
  return { tags: checkTagSet(tags, MAX_BUCKET_TAGS) };
}

function checkLocation(constraint: string, region: string): void {
  // "EU" is what the region was called before it had a name.
  if (constraint === '' || constraint === region || (constraint === 'EU' && region === 'eu-west-1')) return;
  throw new S3Error('InvalidLocationConstraint', {
    message: `The specified location-constraint is not valid: this gateway's region is ${region}.`,
    details: { LocationConstraint: constraint },
  });
}

function parseTag(tag: XmlElement): Tag {
  return { key: tag.text('Key'), value: tag.text('Value') };
}
