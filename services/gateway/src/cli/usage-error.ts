/** A command line that makes no sense: exit code 2, as shells and coreutils have it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';

  constructor(
    message: string,
    /** Whose `--help` explains it: `bucketway serve`. */
    readonly command: string,
  ) {
    super(message);
  }
}
