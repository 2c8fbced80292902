import { LRUCache } from 'lru-cache';
import { S3Error } from '../../errors/s3-error.js';
import type { HeaderMap } from '../../http/header-map.js';
import { parseAmzDate, parseHttpDate, type AmzDate } from './amz-date.js';
import { malformed, parseCredential } from './credential.js';
import { parseSignedHeaders } from './signed-headers.js';
import type { V4Signature } from './v4-signature.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';
const HEX_SIGNATURE = /^[0-9a-f]{64}$/;

/** What an `Authorization` header says but for the signature. */
type Claim = Pick<V4Signature, 'credential' | 'signedHeaders'>;

// A client sends the same claim with every request of a day. Only well-formed ones are kept; whether they hold is asked each time.
const claims = new LRUCache<string, Claim>({ max: 1000 });
const MAX_KEPT_LENGTH = 1024;
const SIGNATURE = 'Signature=';

/**
 * Parses `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…` and the date beside it.
 *
 * @throws S3Error `AuthorizationHeaderMalformed`, `AccessDenied` without a date, `InvalidArgument` for another algorithm
 */
export function parseAuthorizationHeader(authorization: string, headers: HeaderMap): V4Signature {
  const at = authorization.lastIndexOf(SIGNATURE);
  const head = at < 0 ? '' : authorization.slice(0, at);
  const known = claims.get(head);
  if (known !== undefined && HEX_SIGNATURE.test(authorization.slice(at + SIGNATURE.length))) {
    return { ...known, date: requestDate(headers), signature: authorization.slice(at + SIGNATURE.length) };
  }
  const { signature, ...claim } = parseFields(authorization);
  if (
    head !== '' &&
    head.length <= MAX_KEPT_LENGTH &&
    authorization.endsWith(signature) &&
    HEX_SIGNATURE.test(signature)
  ) {
    claims.set(head, claim);
  }
  return { ...claim, date: requestDate(headers), signature };
}

function parseFields(authorization: string): Claim & { readonly signature: string } {
  const space = authorization.indexOf(' ');
  const algorithm = space < 0 ? authorization : authorization.slice(0, space);
  if (algorithm !== ALGORITHM) {
    throw S3Error.invalidArgument('Authorization', algorithm, `Unsupported Authorization Type: use ${ALGORITHM}.`);
  }
  let credential: string | undefined;
  let signedHeaders: string | undefined;
  let signature: string | undefined;
  // Most clients write ", " between the fields, s3cmd and some others a bare comma.
  for (const piece of authorization.slice(algorithm.length).split(',')) {
    const field = piece.trim();
    const at = field.indexOf('=');
    const name = field.slice(0, Math.max(at, 0));
    const value = field.slice(at + 1);
    if (name === 'Credential' && credential === undefined) credential = value;
    else if (name === 'SignedHeaders' && signedHeaders === undefined) signedHeaders = value;
    else if (name === 'Signature' && signature === undefined) signature = value;
    else throw malformed('header', 'expecting each of Credential, SignedHeaders and Signature once.');
  }
  if (!credential || !signedHeaders || !signature) {
    throw malformed('header', 'it needs Credential, SignedHeaders and Signature.');
  }
  const list = parseSignedHeaders(signedHeaders);
  if (typeof list === 'string') throw malformed('header', list);
  return {
    credential: parseCredential(credential, 'header'),
    signedHeaders: list,
    signature,
  };
}

function requestDate(headers: HeaderMap): AmzDate {
  const amz = headers.get('x-amz-date');
  const plain = headers.get('date');
  // Whatever form it came in, its time stands in the string to sign, so it needs no place in SignedHeaders.
  const date = amz === undefined ? plain && (parseAmzDate(plain) ?? parseHttpDate(plain)) : parseAmzDate(amz);
  if (!date) {
    throw new S3Error('AccessDenied', { message: 'AWS authentication requires a valid Date or x-amz-date header' });
  }
  return date;
}
