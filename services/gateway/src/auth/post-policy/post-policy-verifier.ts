import { Injectable } from '@nestjs/common';
import type { Snapshot } from '../../config/snapshot.js';
import { S3Error } from '../../errors/s3-error.js';
import { MAX_SKEW_MS } from '../clock-skew.js';
import type { Identity } from '../identity.js';
import { requireV2 } from '../sigv2/require-v2.js';
import { signV2 } from '../sigv2/verify-v2.js';
import { signatureEquals } from '../signature-equals.js';
import { parseAmzDate } from '../sigv4/amz-date.js';
import { checkCredential, parseCredential } from '../sigv4/credential.js';
import { signingKey } from '../sigv4/signing-key.js';
import { DUMMY_SECRET, invalidAccessKeyId } from '../unknown-key.js';
import { checkPolicy, V2_FIELDS, type ContentLengthRange } from './check-policy.js';
import { parsePolicyDocument } from './policy-document.js';

/** The fields of a form before its file, by lower-case name. */
export type PostFields = ReadonlyMap<string, string>;

/** What a form with a policy that holds may do. */
export interface PostPolicyGrant {
  readonly principal: Identity;
  /** Which signature the form carried. */
  readonly signatureVersion: 'v4' | 'v2';
  /** The caller holds the file to it (`EntityTooSmall`, `EntityTooLarge`). */
  readonly contentLengthRange?: ContentLengthRange;
}

/** Authenticates form uploads: their signature and their policy (S3 API reference, "Browser-based uploads using POST"). */
@Injectable()
export class PostPolicyVerifier {
  /**
   * @param fields with `${filename}` replaced already; repeated ones refused already
   * @param bucket that the request was routed to, never one of a form field
   * @throws S3Error `AccessDenied`, `InvalidPolicyDocument`, `InvalidArgument`, `SignatureDoesNotMatch`, `InvalidAccessKeyId`
   */
  verify(fields: PostFields, bucket: string, snapshot: Snapshot, now: Date): PostPolicyGrant {
    const policy = fields.get('policy');
    // Without a policy nobody vouches for the form, and no mapping lets anonymous parties write.
    if (policy === undefined) {
      throw new S3Error('AccessDenied', { message: 'Access Denied: the form has no policy field.' });
    }
    if (fields.has('x-amz-security-token')) {
      throw new S3Error('InvalidToken', { message: 'Session tokens are not supported: remove x-amz-security-token.' });
    }
    const v4 = isV4(fields);
    const principal = v4 ? verifyV4Form(fields, policy, snapshot, now) : verifyV2Form(fields, policy, snapshot);
    if (!fields.get('key')) throw missingField('key');
    const range = checkPolicy(parsePolicyDocument(policy), fields, bucket, now, v4 ? undefined : V2_FIELDS);
    return { principal, signatureVersion: v4 ? 'v4' : 'v2', ...(range && { contentLengthRange: range }) };
  }
}

function isV4(fields: PostFields): boolean {
  const v4 = fields.has('x-amz-signature') || fields.has('x-amz-algorithm') || fields.has('x-amz-credential');
  const v2 = fields.has('signature') || fields.has('awsaccesskeyid');
  if (v4 && v2) {
    throw new S3Error('InvalidArgument', {
      message: 'Only one auth mechanism allowed: the form has the fields of Signature Version 2 and of Version 4.',
    });
  }
  if (!v4 && !v2) throw missingField('X-Amz-Signature');
  return v4;
}

function verifyV4Form(fields: PostFields, policy: string, snapshot: Snapshot, now: Date): Identity {
  const algorithm = required(fields, 'X-Amz-Algorithm');
  if (algorithm !== 'AWS4-HMAC-SHA256') {
    throw S3Error.invalidArgument('X-Amz-Algorithm', algorithm, 'X-Amz-Algorithm must be AWS4-HMAC-SHA256.');
  }
  const credential = parseCredential(required(fields, 'X-Amz-Credential'), 'form');
  const dateText = required(fields, 'X-Amz-Date');
  const date = parseAmzDate(dateText);
  if (date === undefined) {
    throw S3Error.invalidArgument('X-Amz-Date', dateText, `X-Amz-Date must have the form "yyyyMMdd'T'HHmmss'Z'".`);
  }
  const signature = required(fields, 'X-Amz-Signature');
  checkCredential(credential, date, snapshot.region, 'form');
  // How long the form lives is up to its policy; only its begin is checked.
  if (date.time > now.getTime() + MAX_SKEW_MS) {
    throw new S3Error('AccessDenied', { message: 'Request is not valid yet' });
  }
  const identity = snapshot.identities.get(credential.accessKeyId);
  const key = signingKey(identity?.secretAccessKey ?? DUMMY_SECRET, credential.day, credential.region);
  const matches = signatureEquals(key.hexDigest(policy), signature);
  return verified(identity, credential.accessKeyId, matches, policy, signature);
}

function verifyV2Form(fields: PostFields, policy: string, snapshot: Snapshot): Identity {
  requireV2(snapshot);
  const accessKeyId = required(fields, 'AWSAccessKeyId');
  const signature = required(fields, 'Signature');
  const identity = snapshot.identities.get(accessKeyId);
  const matches = signatureEquals(signV2(identity?.secretAccessKey ?? DUMMY_SECRET, policy), signature);
  return verified(identity, accessKeyId, matches, policy, signature);
}

function verified(
  identity: Identity | undefined,
  accessKeyId: string,
  matches: boolean,
  policy: string,
  signature: string,
): Identity {
  if (identity === undefined) throw invalidAccessKeyId(accessKeyId);
  if (matches) return identity;
  throw new S3Error('SignatureDoesNotMatch', {
    details: { AWSAccessKeyId: accessKeyId, StringToSign: policy, SignatureProvided: signature },
  });
}

function required(fields: PostFields, name: string): string {
  const value = fields.get(name.toLowerCase());
  if (!value) throw missingField(name);
  return value;
}

function missingField(name: string): S3Error {
  return S3Error.invalidArgument(
    name,
    '',
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
  );
}
