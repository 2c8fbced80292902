import { S3_ERROR_CODES, type S3ErrorCode } from './s3-error-codes.js';

/** What an {@link S3Error} can carry besides its code. */
export interface S3ErrorOptions {
  /** Replaces the code's default message; says what to change. */
  message?: string;
  /** Further elements of the XML body, in order (`Key`, `BucketName`, `ArgumentName`, …). */
  details?: Readonly<Record<string, string>>;
  /** Response headers (`Retry-After`, `Allow`, …). */
  headers?: Readonly<Record<string, string>>;
  /** What went wrong underneath; logged, never sent. */
  cause?: unknown;
}

/**
 * An error as the client sees it. Anything else that is thrown reaches the client as `InternalError`, without its text.
 * Follows "REST error responses" of the Amazon S3 API reference.
 */
export class S3Error extends Error {
  readonly status: number;
  readonly details: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: S3ErrorCode,
    options: S3ErrorOptions = {},
  ) {
    super(
      options.message ?? S3_ERROR_CODES[code][1],
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.name = 'S3Error';
    this.status = S3_ERROR_CODES[code][0];
    this.details = options.details ?? {};
    this.headers = options.headers ?? {};
  }

  /** An `InvalidArgument` that names the argument, as S3 does. */
  static invalidArgument(name: string, value: string, message: string): S3Error {
    return new S3Error('InvalidArgument', { message, details: { ArgumentName: name, ArgumentValue: value } });
  }
}
