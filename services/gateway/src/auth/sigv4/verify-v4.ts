import { hash } from 'node:crypto';
import type { S3Request } from '../../http/s3-request.js';
import { S3Error } from '../../errors/s3-error.js';
import type { Identity } from '../identity.js';
import { DUMMY_SECRET, invalidAccessKeyId } from '../unknown-key.js';
import { signatureEquals } from '../signature-equals.js';
import { canonicalRequest } from './canonical-request.js';
import type { HmacSha256Key } from './hmac-sha256.js';
import { signingKey } from './signing-key.js';
import type { V4Signature } from './v4-signature.js';

/** A signature that holds. Chunks of the body are signed on from it. */
export interface VerifiedV4 extends V4Signature {
  readonly identity: Identity;
  readonly key: HmacSha256Key;
}

/**
 * Verifies a SigV4 signature, whose scope and time are checked already.
 *
 * @param identity whose key it claims; undefined takes the same path with a secret that nobody has
 * @throws S3Error `SignatureDoesNotMatch` with what was signed here, `InvalidAccessKeyId`
 */
export function verifyV4(
  request: S3Request,
  claim: V4Signature,
  payloadHash: string,
  identity: Identity | undefined,
): VerifiedV4 {
  const { credential, date } = claim;
  const canonical = canonicalRequest(request, claim.signedHeaders, payloadHash);
  const key = signingKey(identity?.secretAccessKey ?? DUMMY_SECRET, credential.day, credential.region);
  const stringToSign = `AWS4-HMAC-SHA256\n${date.text}\n${credential.scope}\n${hash('sha256', canonical)}`;
  let matches = signatureEquals(key.hexDigest(stringToSign), claim.signature);
  if (!matches && NON_ASCII.test(canonical)) {
    // Above: Python and Node clients sign UTF-8 of a text whose header they then send in Latin-1.
    // Here: Go, C++ and others sign the very bytes that they send.
    const bytes = hash('sha256', Buffer.from(canonical, 'latin1'));
    const asSent = `AWS4-HMAC-SHA256\n${date.text}\n${credential.scope}\n${bytes}`;
    matches = signatureEquals(key.hexDigest(asSent), claim.signature);
  }
  if (identity === undefined) throw invalidAccessKeyId(credential.accessKeyId);
  if (!matches) {
    throw new S3Error('SignatureDoesNotMatch', {
      details: {
        AWSAccessKeyId: credential.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: claim.signature,
        CanonicalRequest: canonical,
      },
    });
  }
  return { ...claim, identity, key };
}

// oxlint-disable-next-line no-control-regex
const NON_ASCII = /[^\x00-\x7f]/;
