import type { Tag } from '../../objects/object-info.js';
import { parseXml } from '../../xml/xml-reader.js';
import { compileDocument, compileTemplate } from '../../xml/xml-template.js';

interface TagSetValues {
  readonly tags: readonly Tag[];
}

const TAG = compileTemplate<Tag>('Tag', (xml, slot) => {
  slot.leaf(xml, 'Key', 'key');
  slot.leaf(xml, 'Value', 'value');
});

const TAGGING = compileDocument<TagSetValues>('Tagging', (xml, slot) => {
  slot.part(xml.ele('TagSet'), 'tags', TAG);
});

/** The answer of GetObjectTagging and GetBucketTagging. */
export function taggingDocument(tags: readonly Tag[]): string {
  return TAGGING.render({ tags });
}

/**
 * Parses the document of PutObjectTagging, PutBucketTagging or the `tagging` field of a form; {@link checkTagSet} is the
 * caller's, who knows the limit.
 *
 * @throws S3Error `MalformedXML`
 */
export function parseTaggingDocument(document: Buffer): readonly Tag[] {
  const tagSet = parseXml(document, 'Tagging').child('TagSet');
  return tagSet.children('Tag').map((tag) => ({ key: tag.text('Key'), value: tag.text('Value') }));
}
