import type { S3Response } from '../../http/s3-response.js';

/** An answer with a document that is in bytes already. */
export function xmlAnswer(body: Buffer): S3Response {
  return { status: 200, headers: ['Content-Type', 'application/xml'], body };
}
