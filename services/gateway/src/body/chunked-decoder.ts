import { createHash, hash, timingSafeEqual, type Hash } from 'node:crypto';
import { S3Error } from '../errors/s3-error.js';
import { checksumHeader, type ChecksumAlgorithm } from '../objects/checksum.js';
import type { ChunkSigner } from './chunk-signer.js';
import { isChecksumValue } from './expected-digests.js';
import type { ByteTarget } from './stream-pump.js';

export interface ChunkedFraming {
  /** Set for signed chunks. */
  readonly signer?: ChunkSigner | undefined;
  /** A trailer may follow the last chunk. */
  readonly trailer: boolean;
  /** The checksum that the trailer must carry, from `x-amz-trailer`. */
  readonly trailerChecksum?: ChecksumAlgorithm | undefined;
  /** Decoded bytes that must come. */
  readonly length: number;
}

const CHUNK_HEADER = /^([0-9a-fA-F]{1,16})(?:;chunk-signature=([0-9a-f]{64}))?\r$/;
const TRAILER_LINE = /^([a-z0-9-]+)[ \t]*:[ \t]*([\x21-\x7e]*)[ \t]*\r?$/i;
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';
const MAX_LINE = 256;
const LINE_FEED = 10;
/** SigV4, "Transferring payload in multiple chunks": every chunk but the last has at least 8 KiB. */
const MIN_SIGNED_CHUNK = 8192;

type State = 'header' | 'data' | 'data-end' | 'trailer' | 'trailer-signature' | 'end' | 'done';

/**
 * Takes `aws-chunked` apart while it arrives, however it is cut, and hands the payload on as slices.
 *
 * Malformed framing is `IncompleteBody` and a malformed trailer `MalformedTrailerError`, as S3 answers.
 */
export class ChunkedDecoder implements ByteTarget {
  private state: State = 'header';
  private line = '';
  /** Payload bytes of the current chunk that are still to come. */
  private left = 0;
  private remaining: number;
  private chunkSize: number | undefined;
  private chunkSignature = '';
  private chunkHash: Hash | undefined;
  private chunkSha256 = '';
  private trailerValue: string | undefined;
  private gapSeen = false;
  /** The output still needs some of the wire bytes in hand. */
  private kept = false;

  constructor(
    private readonly framing: ChunkedFraming,
    private readonly output: ByteTarget,
  ) {
    this.remaining = framing.length;
  }

  get ready(): Promise<void> | undefined {
    return this.output.ready;
  }

  take(wire: Buffer): boolean {
    let at = 0;
    this.kept = false;
    while (at < wire.length) at = this.state === 'data' ? this.takeData(wire, at) : this.takeLine(wire, at);
    return this.kept;
  }

  /**
   * Call at the end of the wire.
   *
   * @returns base64 of the trailer's checksum, if one was announced
   * @throws S3Error `IncompleteBody`
   */
  finish(): string | undefined {
    if (this.gapSeen && this.state === 'trailer-signature') throw new S3Error('MalformedTrailerError');
    if (this.state !== 'done') throw malformed('it ends before the final chunk and the empty line behind it');
    return this.trailerValue;
  }

  private takeData(wire: Buffer, at: number): number {
    const end = Math.min(wire.length, at + this.left);
    const payload = wire.subarray(at, end);
    this.left -= payload.length;
    if (this.framing.signer !== undefined) this.hashPayload(payload);
    if (this.output.take(payload)) this.kept = true;
    if (this.left === 0) {
      this.verifyChunk();
      this.state = 'data-end';
    }
    return end;
  }

  private hashPayload(payload: Buffer): void {
    if (payload.length === this.chunkSize) {
      this.chunkSha256 = hash('sha256', payload);
      return;
    }
    this.chunkHash ??= createHash('sha256');
    this.chunkHash.update(payload);
    if (this.left > 0) return;
    this.chunkSha256 = this.chunkHash.digest('hex');
    this.chunkHash = undefined;
  }

  private takeLine(wire: Buffer, at: number): number {
    if (this.state === 'done') throw malformed('bytes follow the final chunk');
    const feed = wire.indexOf(LINE_FEED, at);
    const end = feed < 0 ? wire.length : feed;
    if (this.line.length + end - at > MAX_LINE) throw this.badLine();
    this.line += wire.toString('latin1', at, end);
    if (feed < 0) return end;
    const { line } = this;
    this.line = '';
    this.acceptLine(line);
    return feed + 1;
  }

  private acceptLine(line: string): void {
    switch (this.state) {
      case 'header':
        this.acceptHeader(line);
        return;
      case 'data-end':
        if (line !== '\r') throw malformed('a chunk is not followed by CRLF');
        this.state = 'header';
        return;
      case 'trailer':
        this.acceptTrailer(line);
        return;
      case 'trailer-signature':
        this.acceptTrailerSignature(line);
        return;
      default:
        if (line !== '\r') throw this.badLine();
        this.state = 'done';
    }
  }

  private acceptHeader(line: string): void {
    const match = CHUNK_HEADER.exec(line);
    const signed = this.framing.signer !== undefined;
    if (match === null || (match[2] !== undefined) !== signed) throw this.badLine();
    const size = Number.parseInt(match[1] as string, 16);
    if (size > this.remaining) {
      throw new S3Error('IncompleteBody', {
        message: 'The chunks hold more than x-amz-decoded-content-length declares.',
      });
    }
    if (size > 0 && signed && this.chunkSize !== undefined && this.chunkSize < MIN_SIGNED_CHUNK) {
      throw new S3Error('InvalidChunkSizeError', { details: { BadChunkSize: String(this.chunkSize) } });
    }
    this.chunkSize = size;
    this.left = size;
    this.remaining -= size;
    this.chunkSignature = match[2] ?? '';
    if (size > 0) this.state = 'data';
    else this.endOfChunks();
  }

  private endOfChunks(): void {
    if (this.remaining > 0) {
      throw new S3Error('IncompleteBody', {
        message: 'The chunks hold less than x-amz-decoded-content-length declares.',
      });
    }
    if (this.framing.signer !== undefined) this.chunkSha256 = hash('sha256', '');
    this.verifyChunk();
    if (this.framing.trailerChecksum !== undefined) this.state = 'trailer';
    else this.state = this.framing.trailer && this.framing.signer !== undefined ? 'trailer-signature' : 'end';
  }

  private verifyChunk(): void {
    const { signer } = this.framing;
    if (signer !== undefined) requireSignature(signer.signChunk(this.chunkSha256), this.chunkSignature);
  }

  private acceptTrailer(line: string): void {
    const algorithm = this.framing.trailerChecksum as ChecksumAlgorithm;
    const match = TRAILER_LINE.exec(line);
    if (match === null || (match[1] as string).toLowerCase() !== checksumHeader(algorithm)) throw this.badLine();
    const value = match[2] as string;
    if (!isChecksumValue(algorithm, value)) {
      throw new S3Error('InvalidRequest', {
        message: `Value for ${checksumHeader(algorithm)} trailing header is invalid.`,
      });
    }
    this.trailerValue = value;
    this.state = this.framing.signer === undefined ? 'end' : 'trailer-signature';
  }

  private acceptTrailerSignature(line: string): void {
    // minio-go ends the checksum's line with LF and puts an empty one before the signature.
    if (line === '\r' && this.trailerValue !== undefined && !this.gapSeen) {
      this.gapSeen = true;
      return;
    }
    const match = TRAILER_LINE.exec(line);
    if (match === null || (match[1] as string).toLowerCase() !== TRAILER_SIGNATURE) throw this.badLine();
    const { signer, trailerChecksum } = this.framing;
    const signed = trailerChecksum === undefined ? '' : `${checksumHeader(trailerChecksum)}:${this.trailerValue}\n`;
    requireSignature((signer as ChunkSigner).signTrailer(hash('sha256', signed)), match[2] as string);
    this.state = 'end';
  }

  private badLine(): S3Error {
    if (this.state === 'header')
      return malformed('a chunk header is not a size in hex and, where chunks are signed, a signature');
    if (this.state === 'data-end') return malformed('a chunk is not followed by CRLF');
    return new S3Error('MalformedTrailerError');
  }
}

function malformed(why: string): S3Error {
  return new S3Error('IncompleteBody', { message: `The aws-chunked request body is malformed: ${why}.` });
}

function requireSignature(expected: string, given: string): void {
  const same = expected.length === given.length && timingSafeEqual(Buffer.from(expected), Buffer.from(given));
  if (!same) {
    throw new S3Error('SignatureDoesNotMatch', {
      message: 'The signature of a chunk of the request body does not match what we calculated.',
    });
  }
}
