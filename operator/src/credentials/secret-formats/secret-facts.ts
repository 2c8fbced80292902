/** What an app is told. */
export interface SecretFacts {
  /** Buckets that the key opens; the first is the one for formats with a single bucket name. At least one. */
  readonly bucketNames: readonly string[];
  /** `http://bucketway.storage.svc:9000`, without a path. */
  readonly endpoint: string;
  readonly region: string;
  readonly addressingStyle: 'path' | 'virtual';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** PEM of the authority that signed the endpoint's certificate. */
  readonly ca?: string;
}

/** Entries of a Secret, as text. */
export type SecretEntries = Readonly<Record<string, string>>;

/** The bucket that formats with a single name tell. */
export function firstBucket({ bucketNames }: SecretFacts): string {
  return bucketNames[0] ?? '';
}
