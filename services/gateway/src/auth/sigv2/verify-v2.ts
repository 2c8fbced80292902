import { createHmac } from 'node:crypto';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Request } from '../../http/s3-request.js';
import type { Identity } from '../identity.js';
import { signatureEquals } from '../signature-equals.js';
import { DUMMY_SECRET, invalidAccessKeyId } from '../unknown-key.js';
import { stringToSignV2 } from './string-to-sign.js';
import type { V2Signature } from './v2-signature.js';

/** HMAC-SHA-1 of a text in base64, as SigV2 signs requests and form policies. */
export function signV2(secretAccessKey: string, text: string): string {
  return createHmac('sha1', secretAccessKey).update(text).digest('base64');
}

/**
 * Verifies a SigV2 signature, whose time is checked already.
 *
 * @param identity whose key it claims; undefined takes the same path with a secret that nobody has
 * @throws S3Error `SignatureDoesNotMatch`, `InvalidAccessKeyId`
 */
export function verifyV2(request: S3Request, claim: V2Signature, identity: Identity | undefined): Identity {
  const secret = identity?.secretAccessKey ?? DUMMY_SECRET;
  const stringToSign = stringToSignV2(request, claim.date);
  let matches = signatureEquals(signV2(secret, stringToSign), claim.signature);
  if (!matches && request.path.kind === 'bucket') {
    // boto3 signs "/bucket/" where it sends "/bucket"; both name the bucket.
    const other = stringToSignV2(request, claim.date, true);
    matches = signatureEquals(signV2(secret, other), claim.signature);
  }
  if (identity === undefined) throw invalidAccessKeyId(claim.accessKeyId);
  if (!matches) {
    throw new S3Error('SignatureDoesNotMatch', {
      details: {
        AWSAccessKeyId: claim.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: claim.signature,
      },
    });
  }
  return identity;
}
