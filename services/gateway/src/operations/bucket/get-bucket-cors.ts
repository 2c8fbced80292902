import { corsConfigurationDocument } from '../../cors/cors-configuration.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Response } from '../../http/s3-response.js';
import { type BucketContext, type Operation, S3Operation } from '../operation.js';

/** Gives the CORS rules in force: those of the configuration, where it has some. */
@S3Operation({
  name: 'GetBucketCors',
  method: 'GET',
  resource: 'bucket',
  query: ['cors'],
  permission: 'admin',
  body: 'none',
})
export class GetBucketCors implements Operation<BucketContext> {
  async execute({ bucket }: BucketContext): Promise<S3Response> {
    const { cors } = await bucket.settings();
    if (cors === undefined || cors.length === 0) {
      throw new S3Error('NoSuchCORSConfiguration', { details: { BucketName: bucket.name } });
    }
    return { status: 200, headers: [], body: corsConfigurationDocument(cors) };
  }
}
