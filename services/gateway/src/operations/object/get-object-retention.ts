import type { S3Response } from '../../http/s3-response.js';
import { S3Operation, type ObjectContext, type Operation } from '../operation.js';
import { lockConfigurationMissing } from '../parameters/unsupported-headers.js';

/** Answers as S3 does in a bucket without object lock: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
@S3Operation({
  name: 'GetObjectRetention',
  method: 'GET',
  resource: 'object',
  query: ['retention'],
  optionalQuery: ['versionId'],
  permission: 'read',
  body: 'none',
})
export class GetObjectRetention implements Operation<ObjectContext> {
  execute(): S3Response {
    throw lockConfigurationMissing();
  }
}
