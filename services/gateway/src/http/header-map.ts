import { S3Error } from '../errors/s3-error.js';

// Two of these would make it a matter of taste which one was signed and which one is obeyed.
const SINGLETONS = new Set([
  'authorization',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'expect',
  'host',
  'range',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-security-token',
]);

/**
 * The headers of a request, by lower-case name. Values of repeated headers are joined with `,` as SigV4 canonicalizes
 * them; a repeated header that may stand only once is refused.
 */
export class HeaderMap {
  private constructor(private readonly values: ReadonlyMap<string, string>) {}

  /**
   * @param rawHeaders Node's flat list of names and values, as they came
   * @throws S3Error `InvalidRequest` where a header that may stand only once is repeated
   */
  static parse(rawHeaders: readonly string[]): HeaderMap {
    const values = new Map<string, string>();
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = (rawHeaders[i] as string).toLowerCase();
      const value = rawHeaders[i + 1] as string;
      const before = values.get(name);
      if (before === undefined) values.set(name, value);
      else if (SINGLETONS.has(name)) {
        throw new S3Error('InvalidRequest', { message: `The header ${name} must not be repeated.` });
      } else values.set(name, `${before},${value}`);
    }
    return new HeaderMap(values);
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** These headers and others, by lower-case name. */
  with(others: ReadonlyMap<string, string>): HeaderMap {
    return new HeaderMap(new Map([...this.values, ...others]));
  }

  /** All pairs, names in lower case, in the order in which they came. */
  entries(): IterableIterator<[string, string]> {
    return this.values.entries();
  }
}
