import { createHash, hash, type Hash } from 'node:crypto';
import {
  computeChecksum,
  createChecksumCalculator,
  type ChecksumCalculator,
} from '../checksums/checksum-calculator.js';
import { S3Error } from '../errors/s3-error.js';
import type { ChecksumAlgorithm } from '../objects/checksum.js';
import type { BodyDigests } from '../objects/object-body.js';
import type { ExpectedDigests } from './expected-digests.js';

/** What a {@link BodyDigester} computes and compares. */
export interface DigestPlan {
  readonly expected: ExpectedDigests;
  /** Hex; where the client signed a hash of the body. */
  readonly sha256?: string;
  /** Computed where the client names no checksum. */
  readonly algorithm?: ChecksumAlgorithm;
}

/**
 * One pass of hashing over a body: MD5 for the ETag; SHA-256 only where it was signed; the checksum that was asked for.
 *
 * The last piece comes separately, so that a body of one piece needs no incremental state at all.
 */
export class BodyDigester {
  readonly algorithm: ChecksumAlgorithm | undefined;
  private readonly hashSha256: boolean;
  private size = 0;
  private started = false;
  private md5: Hash | undefined;
  private sha256: Hash | undefined;
  private checksum: ChecksumCalculator | undefined;

  /** @param needsMd5 false leaves it out, and does not compare it */
  constructor(
    private readonly plan: DigestPlan,
    private readonly needsMd5 = true,
  ) {
    this.algorithm = plan.expected.checksum?.algorithm ?? plan.algorithm;
    this.hashSha256 = plan.sha256 !== undefined && this.algorithm !== 'SHA256';
  }

  /** Takes a piece that is not the last. */
  update(piece: Buffer): void {
    if (!this.started) this.start();
    this.size += piece.length;
    this.md5?.update(piece);
    this.sha256?.update(piece);
    this.checksum?.update(piece);
  }

  /**
   * Takes the last piece and compares.
   *
   * @param trailerChecksum base64; the value that came in the trailer
   * @throws S3Error `XAmzContentSHA256Mismatch`, `BadDigest`
   */
  finish(last: Buffer, trailerChecksum?: string): BodyDigests {
    const algorithm = this.algorithm;
    const checksum = algorithm === undefined ? undefined : this.checksumOf(last, algorithm);
    if (this.plan.sha256 !== undefined) this.compareSha256(last, this.plan.sha256, checksum);
    const md5 = this.needsMd5 ? this.md5Of(last) : '';
    const { expected } = this.plan;
    if (this.needsMd5 && expected.md5 !== undefined && expected.md5 !== md5) {
      throw new S3Error('BadDigest', {
        message: 'The Content-MD5 you specified did not match what we received.',
        details: { ExpectedDigest: expected.md5, CalculatedDigest: md5 },
      });
    }
    const size = this.size + last.length;
    if (checksum === undefined || algorithm === undefined) return { size, md5 };
    const value = checksum.toString('base64');
    const claimed = expected.checksum?.value ?? trailerChecksum;
    if (claimed !== undefined && claimed !== value) {
      throw new S3Error('BadDigest', {
        message: `The ${algorithm} you specified did not match the calculated checksum.`,
      });
    }
    return { size, md5, checksum: { algorithm, type: 'FULL_OBJECT', value } };
  }

  private start(): void {
    this.started = true;
    if (this.needsMd5) this.md5 = createHash('md5');
    if (this.hashSha256) this.sha256 = createHash('sha256');
    if (this.algorithm !== undefined) this.checksum = createChecksumCalculator(this.algorithm);
  }

  private md5Of(last: Buffer): string {
    return this.md5 === undefined ? hash('md5', last) : this.md5.update(last).digest('hex');
  }

  private checksumOf(last: Buffer, algorithm: ChecksumAlgorithm): Buffer {
    if (this.checksum === undefined) return computeChecksum(algorithm, last);
    this.checksum.update(last);
    return this.checksum.digest();
  }

  private compareSha256(last: Buffer, claimed: string, checksum: Buffer | undefined): void {
    let computed: string;
    if (!this.hashSha256 && checksum !== undefined) computed = checksum.toString('hex');
    else computed = this.sha256 === undefined ? hash('sha256', last) : this.sha256.update(last).digest('hex');
    if (computed === claimed) return;
    throw new S3Error('XAmzContentSHA256Mismatch', {
      details: { ClientComputedContentSHA256: claimed, S3ComputedContentSHA256: computed },
    });
  }
}
