import { setTimeout as pause } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import type { MaybePromise } from '../../maybe-promise.js';
import type { S3StorageOptions } from './s3-storage-options.js';
import { isTransient, mayBeUnderWay, translateUpstreamError } from './upstream-error.js';
import { UpstreamTransport, type RequestHints } from './upstream-transport.js';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 3_000;
/** How many idle timeouts an upstream may work on a copy or a completion without a word. */
const WORK_TIMEOUTS = 15;

/** Who is told of each call. */
export interface UpstreamCalls {
  timed<T>(call: string, action: () => MaybePromise<T>): MaybePromise<T>;
}

export const UNWATCHED: UpstreamCalls = { timed: (_call, action) => action() };

/**
 * The clients of one upstream, each with connections of its own. Bodies go at the pace of clients: however slow those are, requests
 * without wait for none of them. A copy that streams holds a connection to read on while it waits for one to write on: among one
 * kind, many of them would wait for each other.
 */
export class UpstreamClient {
  /** For what is answered as soon as the upstream can: no body, or one that is in memory. */
  readonly calls: S3Client;
  /** For bodies that come piece by piece, and for what the upstream has to work on: see {@link work}. */
  readonly uploads: S3Client;
  /** For GetObject: bodies are streamed. */
  readonly reads: S3Client;
  private readonly transports: readonly UpstreamTransport[];

  constructor(readonly options: S3StorageOptions) {
    const { connectTimeoutMs, idleTimeoutMs, maxConcurrentRequests, ca } = options;
    const third = Math.max(1, Math.floor(maxConcurrentRequests / 3));
    const common = { connectTimeoutMs, idleTimeoutMs, ...(ca !== undefined && { ca }) };
    const calls = new UpstreamTransport({
      ...common,
      maxConnections: Math.max(1, maxConcurrentRequests - 2 * third),
      streams: false,
    });
    const uploads = new UpstreamTransport({ ...common, maxConnections: third, streams: false });
    const reads = new UpstreamTransport({ ...common, maxConnections: third, streams: true });
    this.transports = [calls, uploads, reads];
    this.calls = makeClient(options, calls);
    this.uploads = makeClient(options, uploads);
    this.reads = makeClient(options, reads);
  }

  /** For the commands of copies and completions: some servers say nothing until they have moved all bytes. */
  get work(): RequestHints {
    return { requestTimeout: this.options.idleTimeoutMs * WORK_TIMEOUTS };
  }

  /** Which servers and keys: what can be read with one can be copied to by another that has the same. */
  get identity(): string {
    const { endpoint, region, accessKeyId } = this.options;
    return JSON.stringify(['s3', endpoint, region, accessKeyId]);
  }

  /**
   * Runs a request.
   *
   * @param repeatable doing it twice is as good as once: it is tried again where the upstream is busy or away; `refused` where it must
   *   not be done twice at once: then only where the upstream has said that it is not doing it
   * @throws S3Error or StorageError
   */
  async run<T>(repeatable: boolean | 'refused', request: () => Promise<T>): Promise<T> {
    const attempts = repeatable === false ? 0 : this.options.retries;
    for (let attempt = 0; ; attempt++) {
      try {
        return await request();
      } catch (cause) {
        const error = translateUpstreamError(cause);
        if (attempt >= attempts || !isTransient(error)) throw error;
        if (repeatable === 'refused' && mayBeUnderWay(error)) throw error;
        const asked = (error.retryAfterSeconds ?? 0) * 1000;
        if (asked > MAX_PAUSE_MS) throw error;
        // Between half and all of it, so that those who failed together do not come back together.
        const backOff = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + Math.random() / 2);
        await pause(Math.max(asked, backOff));
      }
    }
  }

  close(): void {
    for (const transport of this.transports) transport.destroy();
  }
}

const nothing = (): void => undefined;
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

function makeClient(options: S3StorageOptions, transport: UpstreamTransport): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey, sessionToken, addressingStyle } = options;
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) },
    forcePathStyle: addressingStyle === 'path',
    // The SDK asks for no more than this of a handler, but its types name classes of packages that are its own.
    requestHandler: transport as object,
    // Retries are this client's own: the SDK's would wait for as long as a server asks, and count a client's slowness.
    maxAttempts: 1,
    // It would tell the console of every upload that breaks off.
    logger: SILENT,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    followRegionRedirects: false,
    disableS3ExpressSessionAuth: true,
  });
}
