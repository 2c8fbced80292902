import type { BodyFraming } from '../body/body-framing.js';
import { S3Error } from '../errors/s3-error.js';
import type { BodyKind } from '../body/body-kind.js';
import type { VerifiedV4 } from './sigv4/verify-v4.js';
import { V4ChunkSigner } from './sigv4/v4-chunk-signer.js';

const SHA256 = /^[0-9a-fA-F]{64}$/;

/**
 * How the body is framed, by a value of `x-amz-content-sha256`.
 *
 * @param seed the verified header signature, without which there are no signed chunks
 * @throws S3Error `InvalidArgument` for a value that S3 does not know, `InvalidRequest` for a streaming one where the
 *   operation takes no object, `NotImplemented` for SigV4A
 */
export function payloadFraming(value: string, bodyKind: BodyKind, seed?: VerifiedV4): BodyFraming {
  if (value === 'UNSIGNED-PAYLOAD') return { kind: 'plain' };
  if (SHA256.test(value)) return { kind: 'plain', sha256: value.toLowerCase() };
  switch (value) {
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      requireObject(value, bodyKind);
      return { kind: 'aws-chunked', trailer: true };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': {
      requireObject(value, bodyKind);
      if (seed === undefined) {
        throw new S3Error('InvalidRequest', {
          message: `x-amz-content-sha256: ${value} needs a request that is signed by an AWS4-HMAC-SHA256 Authorization header.`,
        });
      }
      return { kind: 'aws-chunked', signer: new V4ChunkSigner(seed), trailer: value.endsWith('-TRAILER') };
    }
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD':
    case 'STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER':
      throw new S3Error('NotImplemented', {
        message: 'Signature Version 4A is not supported. Please use AWS4-HMAC-SHA256.',
      });
    default:
      throw S3Error.invalidArgument(
        'x-amz-content-sha256',
        value,
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, ' +
          'STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
      );
  }
}

// A decoder that checks no signature of its own must never stand before policies, multi-deletes and completions.
function requireObject(value: string, bodyKind: BodyKind): void {
  if (bodyKind === 'object') return;
  throw new S3Error('InvalidRequest', {
    message: `x-amz-content-sha256: ${value} is only for uploads of objects and parts; send the SHA-256 of the body.`,
  });
}
