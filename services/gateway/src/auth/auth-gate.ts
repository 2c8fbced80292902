import { Injectable } from '@nestjs/common';
import type { BodyFraming } from '../body/body-framing.js';
import type { BodyKind } from '../body/body-kind.js';
import type { Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import type { S3Request } from '../http/s3-request.js';
import type { Authentication } from './authentication.js';
import { MAX_SKEW_MS, requestExpired, requireFresh } from './clock-skew.js';
import { ANONYMOUS } from './identity.js';
import { payloadFraming } from './payload-framing.js';
import { pinnedPayload } from './pinned-payload.js';
import { requireV2 } from './sigv2/require-v2.js';
import { parseV2Authorization } from './sigv2/v2-authorization.js';
import { parseV2Query } from './sigv2/v2-query.js';
import { verifyV2 } from './sigv2/verify-v2.js';
import { parseAuthorizationHeader } from './sigv4/authorization-header.js';
import { checkCredential } from './sigv4/credential.js';
import { parsePresignedQuery, type PresignedQuery } from './sigv4/presigned-query.js';
import { verifyV4 } from './sigv4/verify-v4.js';
import { selectScheme } from './select-scheme.js';
import { refuseUnsignedHeaders } from './unsigned-headers.js';

/**
 * The one gate that every request passes before a byte of its body is read: it says who a request is from, and how the
 * body is framed. What the principal may do is not asked here.
 */
@Injectable()
export class AuthGate {
  /**
   * @param bodyKind what the request's operation takes; only objects may come in `aws-chunked` framing
   * @throws S3Error as S3 answers what is wrong with the authentication
   */
  authenticate(request: S3Request, bodyKind: BodyKind, snapshot: Snapshot): Authentication {
    const scheme = selectScheme(request);
    if (scheme !== 'anonymous') refuseSessionToken(request);
    switch (scheme) {
      case 'v4-header':
        return v4Header(request, bodyKind, snapshot);
      case 'v4-query':
        return v4Query(request, bodyKind, snapshot);
      case 'v2-header':
      case 'v2-query':
        return v2(request, bodyKind, snapshot, scheme);
      case 'anonymous':
        return { principal: ANONYMOUS, framing: unsignedFraming(request, bodyKind), scheme };
    }
  }
}

function v4Header(request: S3Request, bodyKind: BodyKind, snapshot: Snapshot): Authentication {
  const { headers } = request;
  const claim = parseAuthorizationHeader(headers.get('authorization')!, headers);
  checkCredential(claim.credential, claim.date, snapshot.region, 'header');
  requireFresh(claim.date.time, request.receivedAt);
  const payloadHash = headers.get('x-amz-content-sha256');
  if (!payloadHash) {
    throw new S3Error('InvalidRequest', {
      message: 'Missing required header for this request: x-amz-content-sha256',
    });
  }
  refuseUnsignedHeaders(headers, claim.signedHeaders.names);
  const verified = verifyV4(request, claim, payloadHash, snapshot.identities.get(claim.credential.accessKeyId));
  return {
    principal: verified.identity,
    framing: payloadFraming(payloadHash, bodyKind, verified),
    scheme: 'v4-header',
  };
}

function v4Query(request: S3Request, bodyKind: BodyKind, snapshot: Snapshot): Authentication {
  const claim = parsePresignedQuery(request.query);
  checkCredential(claim.credential, claim.date, snapshot.region, 'query');
  requireValidNow(claim, request.receivedAt);
  refuseUnsignedHeaders(request.headers, claim.signedHeaders.names);
  const payload = pinnedPayload(request, claim.signedHeaders);
  if (payload.framing === 'UNSIGNED-PAYLOAD' && !request.headers.has('x-amz-content-sha256'))
    refuseUnknownChunks(request);
  const verified = verifyV4(request, claim, payload.signed, snapshot.identities.get(claim.credential.accessKeyId));
  return { principal: verified.identity, framing: payloadFraming(payload.framing, bodyKind), scheme: 'v4-query' };
}

function v2(
  request: S3Request,
  bodyKind: BodyKind,
  snapshot: Snapshot,
  scheme: 'v2-header' | 'v2-query',
): Authentication {
  requireV2(snapshot);
  const { headers, receivedAt } = request;
  const claim =
    scheme === 'v2-header'
      ? parseV2Authorization(headers.get('authorization')!, headers, receivedAt)
      : parseV2Query(request.query, receivedAt);
  const principal = verifyV2(request, claim, snapshot.identities.get(claim.accessKeyId));
  return { principal, framing: unsignedFraming(request, bodyKind), scheme };
}

function requireValidNow({ date, expires }: PresignedQuery, now: Date): void {
  if (date.time > now.getTime() + MAX_SKEW_MS) {
    throw new S3Error('AccessDenied', {
      message: 'Request is not valid yet',
      details: { RequestTime: new Date(date.time).toISOString(), ServerTime: now.toISOString() },
    });
  }
  const end = date.time + expires * 1000;
  if (now.getTime() > end) throw requestExpired(end, now);
}

/** The framing where SigV4 does not sign one. */
function unsignedFraming(request: S3Request, bodyKind: BodyKind): BodyFraming {
  const value = request.headers.get('x-amz-content-sha256');
  if (value !== undefined) return payloadFraming(value, bodyKind);
  refuseUnknownChunks(request);
  return { kind: 'plain' };
}

/** Without x-amz-content-sha256 nothing says which chunks these are; taken as plain bytes, they would be stored with their framing. */
function refuseUnknownChunks({ headers }: S3Request): void {
  if (!/(?:^|,)\s*aws-chunked\s*(?:,|$)/i.test(headers.get('content-encoding') ?? '')) return;
  throw new S3Error('InvalidRequest', {
    message: 'Content-Encoding: aws-chunked needs x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER here.',
  });
}

// No session tokens are issued here, so whoever sends one means other credentials than the identity's own.
function refuseSessionToken({ headers, query }: S3Request): void {
  if (headers.has('x-amz-security-token') || query.has('X-Amz-Security-Token')) {
    throw new S3Error('InvalidToken', {
      message: 'Session tokens are not supported: sign with the access key alone, without x-amz-security-token.',
    });
  }
}
