import type { MaybePromise } from '../maybe-promise.js';
import type { Checksum, ChecksumAlgorithm } from './checksum.js';

/** Receives decoded bytes. A piece belongs to the sink until the returned promise resolves. */
export interface ByteSink {
  write(piece: Buffer): MaybePromise<void>;
  /** False where nobody needs the MD5, and somebody else compares it with what the client says it is: it is not computed then. */
  readonly needsMd5?: boolean;
}

/** What was computed of a body while it passed. */
export interface BodyDigests {
  readonly size: number;
  /** Hex; may be empty where {@link ByteSink.needsMd5} is false. */
  readonly md5: string;
  readonly checksum?: Checksum;
}

/** The bytes of an upload, checked while they pass. */
export interface ObjectBody {
  /** Decoded bytes that will come, declared and enforced; undefined where only the end of a form's file part tells. */
  readonly length: number | undefined;
  /** The checksum that the digests will have, with its value where the client has sent that ahead of the bytes. */
  readonly checksum?: { readonly algorithm: ChecksumAlgorithm; readonly value?: string } | undefined;
  /** What the client says that the MD5 is, as hex. Compared here unless the sink sees to that. */
  readonly claimedMd5?: string | undefined;
  /**
   * Hands all bytes to the sink in order, in pieces of up to 1 MiB, each as full as possible. The last piece is handed on only after length, digests and
   * signatures have been found right, so a sink that sees the end of a body of one piece has seen nothing unverified.
   *
   * @throws S3Error whatever is wrong with the body; the sink must then discard what it got
   */
  transfer(sink: ByteSink): Promise<BodyDigests>;
}
