import type { ChunkSigner } from '../../body/chunk-signer.js';
import type { HmacSha256Key } from './hmac-sha256.js';
import type { VerifiedV4 } from './verify-v4.js';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Signs the chunks of a body on from the signature of its request, which is the seed. */
export class V4ChunkSigner implements ChunkSigner {
  private readonly key: HmacSha256Key;
  private readonly context: string;
  private previous: string;

  constructor(seed: VerifiedV4) {
    this.key = seed.key;
    this.context = `\n${seed.date.text}\n${seed.credential.scope}\n`;
    this.previous = seed.signature;
  }

  signChunk(chunkSha256: string): string {
    return this.next(`AWS4-HMAC-SHA256-PAYLOAD${this.context}${this.previous}\n${EMPTY_SHA256}\n${chunkSha256}`);
  }

  signTrailer(trailerSha256: string): string {
    return this.next(`AWS4-HMAC-SHA256-TRAILER${this.context}${this.previous}\n${trailerSha256}`);
  }

  private next(stringToSign: string): string {
    this.previous = this.key.hexDigest(stringToSign);
    return this.previous;
  }
}
