/** It cannot be remembered that an S3Bucket left data at its path; the message says what an administrator does. */
export class RetainedPathsError extends Error {
  override readonly name = 'RetainedPathsError';
}
