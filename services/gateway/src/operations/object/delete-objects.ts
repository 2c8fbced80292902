import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Access } from '../../auth/access.js';
import { readDocument } from '../../body/request-document.js';
import { S3Error } from '../../errors/s3-error.js';
import { parseObjectKey } from '../../http/object-key.js';
import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type BucketContext, type Operation } from '../operation.js';
import { decodeDeleteConditionValues } from '../parameters/conditional-headers.js';
import { requireConditionalWrites } from '../../objects/require-capabilities.js';
import { requireNullVersionId } from '../parameters/version-id.js';
import { parseDeleteRequest, type ObjectToDelete } from './delete-request-document.js';
import { deleteResultDocument, type DeleteOutcome } from './delete-result-document.js';

/** A thousand keys of 1,024 bytes, escaped. */
const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/** Deletes in flight at once; between such batches others get their turn. */
const BATCH = 16;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
@S3Operation({
  name: 'DeleteObjects',
  method: 'POST',
  resource: 'bucket',
  query: ['delete'],
  // Each key is authorized on its own.
  permission: 'any',
  body: 'document',
})
export class DeleteObjects implements Operation<BucketContext> {
  private readonly logger = new Logger(DeleteObjects.name);

  constructor(private readonly access: Access) {}

  async execute(context: BucketContext): Promise<S3Response> {
    const document = await readDocument(context.request, context.framing, {
      limit: DOCUMENT_LIMIT,
      requireDigest: true,
    });
    const { objects, quiet } = parseDeleteRequest(document);
    const outcomes: DeleteOutcome[] = [];
    for (let start = 0; start < objects.length; start += BATCH) {
      const batch = objects.slice(start, start + BATCH).map((object) => this.delete(context, object));
      outcomes.push(...(await Promise.all(batch)));
      await setImmediate();
    }
    return { status: 200, headers: [], body: deleteResultDocument(outcomes, quiet) };
  }

  private async delete({ principal, bucket }: BucketContext, object: ObjectToDelete): Promise<DeleteOutcome> {
    try {
      const key = parseObjectKey(object.key);
      this.access.require(principal, bucket.mapping, 'write', key);
      requireNullVersionId(object.versionId);
      const conditions = decodeDeleteConditionValues(object.etag, object.size, object.lastModified);
      requireConditionalWrites(bucket.store, conditions);
      await bucket.store.delete(key, conditions);
      return { object };
    } catch (error) {
      const known = error instanceof S3Error ? error : new S3Error('InternalError', { cause: error });
      if (known.code === 'InternalError') this.logger.error('DeleteObjects failed on a key', known.cause);
      return { object, error: { code: known.code, message: known.message } };
    }
  }
}
