import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import type { S3Response } from '../../http/s3-response.js';
import type { ObjectAttributes, ObjectInfo } from '../../objects/object-info.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { checkAclHeaders } from '../parameters/acl-headers.js';
import { decodeChecksumAlgorithm } from '../parameters/checksum-headers.js';
import { decodeWriteConditions } from '../parameters/conditional-headers.js';
import { CopySourceOpener } from '../copy/copy-source-opener.js';
import { copyResultDocument } from '../copy/copy-result-document.js';
import { decodeObjectAttributes } from '../parameters/object-headers.js';
import { requireCopySize, type OpenCopySource } from '../copy/open-copy-source.js';
import { requireConditionalWrites, requireTagging } from '../../objects/require-capabilities.js';
import { refuseUnsupportedCopyHeaders } from '../parameters/unsupported-headers.js';

/** What `x-amz-metadata-directive` and `x-amz-tagging-directive` say. */
type Directive = 'COPY' | 'REPLACE';

/** Headers that S3 keeps with one object only and never copies. */
const NOT_COPIED = new Set(['x-amz-storage-class', 'x-amz-website-redirect-location']);

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
@S3Operation({
  name: 'CopyObject',
  method: 'PUT',
  resource: 'object',
  headers: ['x-amz-copy-source'],
  permission: 'write',
  body: 'none',
})
export class CopyObject implements Operation<ObjectContext> {
  constructor(private readonly sources: CopySourceOpener) {}

  async execute(context: ObjectContext): Promise<S3Response> {
    const { headers } = context.request;
    refuseUnsupportedCopyHeaders(headers);
    checkAclHeaders(headers, context.principal);
    const sent = decodeObjectAttributes(headers);
    requireTagging(context.bucket.store, sent.tags);
    const tagging = directive(headers, 'x-amz-tagging-directive', 'Unknown tagging directive.');
    const source = await this.sources.open(context, tagging === 'REPLACE' ? { tags: false } : {});
    try {
      const info = await copy(context, source, sent, tagging);
      context.observed.objectSize = info.size;
      const { lastModified, etag, checksum } = info;
      const body = copyResultDocument('CopyObjectResult', { lastModified, etag, checksum });
      return { status: 200, headers: [], body };
    } finally {
      await source.close();
    }
  }
}

async function copy(
  { request: { headers }, bucket: { name, store }, key }: ObjectContext,
  source: OpenCopySource,
  sent: ObjectAttributes,
  tagging: Directive,
): Promise<ObjectInfo> {
  const { info } = source;
  const metadata = directive(headers, 'x-amz-metadata-directive', 'Unknown metadata directive.');
  const onto = source.name.bucket === name && source.name.key === key;
  if (onto && metadata === 'COPY' && tagging === 'COPY' && !changesItself(headers)) {
    throw new S3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
  const conditions = decodeWriteConditions(headers);
  requireConditionalWrites(store, conditions);
  const attributes = {
    ...(metadata === 'REPLACE' ? sent : copiedAttributes(info.attributes, sent)),
    tags: tagging === 'REPLACE' || !store.capabilities.tagging ? sent.tags : info.attributes.tags,
  };
  const algorithm = decodeChecksumAlgorithm(headers) ?? info.checksum?.algorithm;
  requireCopySize(info.size);
  const { origin } = source;
  const copied =
    origin &&
    (await store.copy?.({
      origin,
      source: info,
      key,
      attributes,
      tagging,
      conditions,
      ...(algorithm !== undefined && { checksumAlgorithm: algorithm }),
    }));
  if (copied) return copied;
  const body = await source.body({ start: 0, end: info.size }, algorithm);
  return await store.put({ key, body, attributes, conditions });
}

function directive(headers: HeaderMap, name: string, message: string): Directive {
  const value = headers.get(name) ?? 'COPY';
  if (value === 'COPY' || value === 'REPLACE') return value;
  throw S3Error.invalidArgument(name, value, message);
}

function changesItself(headers: HeaderMap): boolean {
  return headers.has('x-amz-storage-class') || headers.has('x-amz-website-redirect-location');
}

function copiedAttributes(source: ObjectAttributes, sent: ObjectAttributes): ObjectAttributes {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(source.headers)) if (!NOT_COPIED.has(name)) headers[name] = value;
  for (const [name, value] of Object.entries(sent.headers)) if (NOT_COPIED.has(name)) headers[name] = value;
  return { headers, metadata: source.metadata, tags: source.tags };
}
