/**
 * Signs the chunks of one `STREAMING-AWS4-HMAC-SHA256-PAYLOAD[-TRAILER]` body in turn, each over the one before
 * (SigV4, "Transferring payload in multiple chunks").
 */
export interface ChunkSigner {
  /** Signature, in hex, that the next chunk must carry. @param chunkSha256 hex */
  signChunk(chunkSha256: string): string;
  /** Signature, in hex, that the trailer must carry. @param trailerSha256 hex of the canonical trailer headers */
  signTrailer(trailerSha256: string): string;
}
