import type { AmzDate } from './amz-date.js';
import type { Credential } from './credential.js';
import type { SignedHeaders } from './signed-headers.js';

/** What a request claims about its SigV4 signature, parsed, not yet verified. */
export interface V4Signature {
  readonly credential: Credential;
  readonly date: AmzDate;
  readonly signedHeaders: SignedHeaders;
  /** As it was sent; hex where the client is honest. */
  readonly signature: string;
}
