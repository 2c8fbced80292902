import type { Snapshot } from '../../config/snapshot.js';
import { S3Error } from '../../errors/s3-error.js';

/**
 * Refuses SigV2 where it is not switched on.
 *
 * @throws S3Error `InvalidRequest`, which names the gateway's option and the client's setting
 */
export function requireV2(snapshot: Snapshot): void {
  if (snapshot.signatureVersions.has('v2')) return;
  throw new S3Error('InvalidRequest', {
    message:
      'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. ' +
      'This request was signed with Signature Version 2: set the signature version of your client to 4 ' +
      '(S3 Browser: Advanced S3-compatible storage settings; boto3: signature_version="s3v4"; s3cmd: signature_v2 = False), ' +
      'or have the administrator set "signatureVersions: [v4, v2]" in the configuration of the gateway.',
  });
}
