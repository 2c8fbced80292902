/** An upstream S3 as the configuration describes it, secrets read, defaults filled in. */
export interface S3StorageOptions {
  /** Origin of the upstream, `http` or `https`, without a path. */
  readonly endpoint: string;
  /** Region that requests are signed for. */
  readonly region: string;
  readonly bucket: string;
  /** Key prefix inside the bucket; empty, or with a slash at its end and none at its start. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** Where requests name the bucket: in the path, or in the host. */
  readonly addressingStyle: 'path' | 'virtual';
  /** Milliseconds until a connection has to stand. */
  readonly connectTimeoutMs: number;
  /** Milliseconds without a byte in either direction until a request is given up. */
  readonly idleTimeoutMs: number;
  /** Requests to the upstream at once, in one process; more wait. */
  readonly maxConcurrentRequests: number;
  /** Repetitions of a request that may be repeated safely. */
  readonly retries: number;
  /** Answer presigned and anonymous reads with a redirect to the upstream instead of the bytes. */
  readonly redirectReads: boolean;
  /** Certificate authorities to trust instead of the system's, in PEM. */
  readonly ca?: string;
}
