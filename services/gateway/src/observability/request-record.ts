import type { S3ErrorCode } from '../errors/s3-error-codes.js';

/** How a request was authenticated, in the words of S3's server access log. */
export type AuthenticationType = 'AuthHeader' | 'QueryString' | 'PostPolicy';

/** Which signature a request carried, in the words of S3's server access log. */
export type SignatureVersion = 'SigV2' | 'SigV4';

/**
 * One finished request, answered or broken off: what metrics count and the access log writes
 * (Amazon S3 user guide, "Amazon S3 server access log format").
 *
 * Holds no secret: whoever makes one passes the target through `redactTarget` and never a header that signs.
 */
export interface RequestRecord {
  /** When the request's headers were read. */
  readonly time: Date;
  /** S3's name of the operation from the operation table; undefined where no operation claimed the request. */
  readonly operation: string | undefined;
  readonly method: string;
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  /** The status sent; 499 where the client went away before there was one. */
  readonly status: number;
  /** S3's code of the error answered; undefined for a success. */
  readonly errorCode: S3ErrorCode | undefined;
  /** Body bytes read from the connection, with their framing. */
  readonly bytesIn: number;
  /** Body bytes written to the connection. */
  readonly bytesOut: number;
  /** Size of the object, where the operation knows one. */
  readonly objectSize: number | undefined;
  /** From the headers of the request to the last byte of the answer, in milliseconds with a fraction. */
  readonly totalMs: number;
  /** From the headers of the request to the first byte of the answer, in milliseconds with a fraction. */
  readonly turnAroundMs: number;
  readonly remoteAddress: string;
  /** Name and access key id of who signed; undefined for anonymous requests and refused signatures. */
  readonly principal: { readonly name: string; readonly accessKeyId: string } | undefined;
  readonly requestId: string;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
  /** The `Host` header as it came. */
  readonly host: string | undefined;
  /** `-` where the request names no version. */
  readonly versionId: string;
  readonly authenticationType: AuthenticationType | undefined;
  readonly signatureVersion: SignatureVersion | undefined;
  /** `TLSv1.3`; undefined on a plain connection. */
  readonly tlsVersion: string | undefined;
  /** The raw request target with signature and credential values replaced; see `redactTarget`. */
  readonly target: string;
}
