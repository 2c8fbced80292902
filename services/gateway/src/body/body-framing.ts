import type { ChunkSigner } from './chunk-signer.js';

/**
 * How the bytes of a request's body are framed and vouched for. The auth gate derives it from authenticated headers;
 * it selects a decoder and nothing else.
 */
export type BodyFraming =
  /** Plain bytes; `sha256` (hex) where the client signed a hash of them. */
  | { readonly kind: 'plain'; readonly sha256?: string }
  /** `aws-chunked`: a signer for signed chunks, none for unsigned ones. */
  | { readonly kind: 'aws-chunked'; readonly signer?: ChunkSigner; readonly trailer: boolean };
