import type { MaybePromise } from '../maybe-promise.js';
import type { Checksum } from './checksum.js';

/** Receives decoded bytes. A piece belongs to the sink until the returned promise resolves. */
export interface ByteSink {
  write(piece: Buffer): MaybePromise<void>;
}

/** What was computed of a body while it passed. */
export interface BodyDigests {
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum?: Checksum;
}

/** The bytes of an upload, checked while they pass. */
export interface ObjectBody {
  /** Decoded bytes that will come, declared and enforced; undefined where only the end of a form's file part tells. */
  readonly length: number | undefined;
  /**
   * Hands all bytes to the sink in order, in pieces of up to 1 MiB, each as full as possible. The last piece is handed on only after length, digests and
   * signatures have been found right, so a sink that sees the end of a body of one piece has seen nothing unverified.
   *
   * @throws S3Error whatever is wrong with the body; the sink must then discard what it got
   */
  transfer(sink: ByteSink): Promise<BodyDigests>;
}
