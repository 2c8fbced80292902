import type { IncomingMessage } from 'node:http';
import type { MaybePromise } from '../maybe-promise.js';
import type { HeaderMap } from './header-map.js';
import type { QueryParameters } from './query-parameters.js';
import type { S3Path } from './s3-path.js';

/** A request after the first stage: parsed, not yet trusted. Nothing behind the parser reads the raw target or headers. */
export interface S3Request {
  /** `x-amz-request-id` of the answer. */
  readonly id: string;
  readonly method: string;
  readonly path: S3Path;
  readonly query: QueryParameters;
  readonly headers: HeaderMap;
  /** The path and the query as they were sent, for signatures only. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** The bucket came from the host name. SigV2 signs it as part of the resource. */
  readonly virtualHosted: boolean;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly receivedAt: Date;
  /** The connection. Only the body decoder reads from it, and only after the auth gate. */
  readonly raw: IncomingMessage;
  /** Sends `100 Continue` if the client waits for it. The body decoder calls it when it starts to read. */
  readonly sendContinue: () => void;
  /**
   * Makes sure that what the request was let in to is still there, once its body is: a client can hold that back for hours. Set by admission.
   *
   * @param heldBack the client waited to be asked for its body, and may have done anything meanwhile
   * @throws S3Error
   */
  readonly confirm?: (heldBack: boolean) => MaybePromise<void>;
}
