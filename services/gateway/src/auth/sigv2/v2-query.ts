import { S3Error } from '../../errors/s3-error.js';
import type { QueryParameters } from '../../http/query-parameters.js';
import { requestExpired } from '../clock-skew.js';
import { isSignedByV2 } from './canonical-resource.js';
import type { V2Signature } from './v2-signature.js';

/** Parameters that narrow a listing, carry the signature or repeat a header: SigV2 signs none of them as parameters. */
const UNSIGNED: ReadonlySet<string> = new Set([
  'AWSAccessKeyId',
  'Expires',
  'Signature',
  'content-md5',
  'content-type',
  'continuation-token',
  'delimiter',
  'encoding-type',
  'fetch-owner',
  'key-marker',
  'list-type',
  'marker',
  'max-keys',
  'max-parts',
  'max-uploads',
  'part-number-marker',
  'prefix',
  'start-after',
  'upload-id-marker',
  'version-id-marker',
  'x-id',
]);

/**
 * Parses and checks `AWSAccessKeyId`, `Expires` and `Signature` of a SigV2 presigned URL.
 *
 * @throws S3Error `AccessDenied` where one is missing, it has expired, or a parameter is there that SigV2 cannot sign
 */
export function parseV2Query(query: QueryParameters, now: Date): V2Signature {
  const accessKeyId = query.get('AWSAccessKeyId');
  const date = query.get('Expires');
  const signature = query.get('Signature');
  if (!accessKeyId || !date || !signature) {
    throw new S3Error('AccessDenied', {
      message: 'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    });
  }
  if (!/^\d{1,12}$/.test(date)) {
    throw new S3Error('AccessDenied', { message: `Invalid date (should be seconds since epoch): ${date}` });
  }
  const expires = Number(date) * 1000;
  if (now.getTime() > expires) throw requestExpired(expires, now);
  for (const { name } of query.list) {
    // A sub-resource from after SigV2's days would turn a link to one thing into a link to another.
    if (!UNSIGNED.has(name) && !isSignedByV2(name)) {
      throw new S3Error('AccessDenied', {
        message: `Signature version 2 does not sign the query parameter ${name}. Please use AWS4-HMAC-SHA256.`,
      });
    }
  }
  return { accessKeyId, signature, date };
}
