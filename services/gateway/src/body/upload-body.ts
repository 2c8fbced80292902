import { S3Error } from '../errors/s3-error.js';
import type { S3ErrorCode } from '../errors/s3-error-codes.js';
import type { HeaderMap } from '../http/header-map.js';
import type { S3Request } from '../http/s3-request.js';
import type { ChecksumAlgorithm } from '../objects/checksum.js';
import type { BodyDigests, ByteSink, ObjectBody } from '../objects/object-body.js';
import { BodyDigester, type DigestPlan } from './body-digester.js';
import type { BodyFraming } from './body-framing.js';
import { MAX_OBJECT_BYTES, parseBodyLength, type BodyLength } from './body-length.js';
import { ChunkedDecoder } from './chunked-decoder.js';
import { parseExpectedDigests } from './expected-digests.js';
import { PieceGatherer } from './piece-gatherer.js';
import { pumpStream } from './stream-pump.js';

/** Milliseconds without a byte after which an upload is given up. */
export const DEFAULT_IDLE_TIMEOUT = 60_000;

const NO_BODY: BodyLength = { decoded: 0, wire: 0 };

export interface UploadBodyOptions {
  /** Decoded bytes at most; 5 TiB unless given. */
  readonly maxLength?: number;
  /** What a longer body is refused with; `EntityTooLarge` unless given. */
  readonly tooLarge?: S3ErrorCode;
  /** Milliseconds without a byte after which the client is given up; 60,000 unless given. */
  readonly idleTimeout?: number;
  /** The checksum to compute where the client sends none. */
  readonly algorithm?: ChecksumAlgorithm;
  /** `x-amz-checksum-*` is about something else than this body. */
  readonly ignoreChecksums?: boolean;
  /** The request may have no body at all, and then says no length (RFC 9112, 6.3); an upload has to say one, be it 0. */
  readonly mayBeAbsent?: boolean;
}

/** The body of a request, not yet read. */
export interface UploadBody extends ObjectBody {
  readonly length: number;
  /** The checksum that the client sends (header or trailer). */
  readonly declaredAlgorithm: ChecksumAlgorithm | undefined;
}

/**
 * Prepares to read the body of an authenticated request. Everything that its headers say is checked here, before a byte is
 * read and before `100 Continue`.
 *
 * @throws S3Error `MissingContentLength`, `InvalidArgument`, `EntityTooLarge`, `InvalidDigest`, `InvalidRequest`
 */
export function createUploadBody(
  request: S3Request,
  framing: BodyFraming,
  options: UploadBodyOptions = {},
): UploadBody {
  const absent = options.mayBeAbsent === true && isAbsent(request.headers);
  const length = absent ? NO_BODY : parseBodyLength(request.headers, framing);
  const maxLength = options.maxLength ?? MAX_OBJECT_BYTES;
  if (length.decoded > maxLength) {
    throw new S3Error(options.tooLarge ?? 'EntityTooLarge', {
      details: { ProposedSize: String(length.decoded), MaxSizeAllowed: String(maxLength) },
    });
  }
  const expected = parseExpectedDigests(
    options.ignoreChecksums === true ? contentMd5Only(request.headers) : request.headers.entries(),
  );
  if (request.headers.has('x-amz-trailer') && (framing.kind === 'plain' || !framing.trailer)) {
    throw new S3Error('InvalidRequest', {
      message: 'x-amz-trailer needs a body with a trailer: x-amz-content-sha256 must be STREAMING-…-TRAILER.',
    });
  }
  const plan: DigestPlan = {
    expected,
    ...(framing.kind === 'plain' && framing.sha256 !== undefined ? { sha256: framing.sha256 } : {}),
    ...(options.algorithm === undefined ? {} : { algorithm: options.algorithm }),
  };
  return new RequestBody(request, framing, length, plan, options.idleTimeout ?? DEFAULT_IDLE_TIMEOUT);
}

function isAbsent(headers: HeaderMap): boolean {
  return !headers.has('content-length') && !headers.has('transfer-encoding');
}

function contentMd5Only(headers: HeaderMap): readonly [string, string][] {
  const md5 = headers.get('content-md5');
  return md5 === undefined ? [] : [['content-md5', md5]];
}

class RequestBody implements UploadBody {
  private started = false;

  constructor(
    private readonly request: S3Request,
    private readonly framing: BodyFraming,
    private readonly bytes: BodyLength,
    private readonly plan: DigestPlan,
    private readonly idleTimeout: number,
  ) {}

  get length(): number {
    return this.bytes.decoded;
  }

  get declaredAlgorithm(): ChecksumAlgorithm | undefined {
    return this.plan.expected.checksum?.algorithm;
  }

  get checksum(): ObjectBody['checksum'] {
    const { expected, algorithm } = this.plan;
    return expected.checksum ?? (algorithm === undefined ? undefined : { algorithm });
  }

  get claimedMd5(): string | undefined {
    return this.plan.expected.md5;
  }

  async transfer(sink: ByteSink): Promise<BodyDigests> {
    if (this.started) throw new Error('A request body can be read only once.');
    this.started = true;
    const digester = new BodyDigester(this.plan, sink.needsMd5 !== false);
    const gatherer = new PieceGatherer(sink, digester, this.bytes.decoded);
    const decoder = this.decoder(gatherer);
    try {
      if (this.bytes.wire !== 0) await this.pump(decoder ?? gatherer);
      const trailer = decoder?.finish();
      const last = await gatherer.settle();
      const digests = digester.finish(last, trailer);
      const confirming = this.request.confirm?.(this.request.headers.has('expect'));
      if (confirming !== undefined) await confirming;
      if (last.length > 0) await sink.write(last);
      return digests;
    } finally {
      gatherer.release();
    }
  }

  private pump(target: ChunkedDecoder | PieceGatherer): Promise<void> {
    this.request.sendContinue();
    return pumpStream(this.request.raw, target, { length: this.bytes.wire, idleTimeout: this.idleTimeout });
  }

  private decoder(gatherer: PieceGatherer): ChunkedDecoder | undefined {
    const { framing } = this;
    if (framing.kind === 'plain') return undefined;
    const { checksum } = this.plan.expected;
    return new ChunkedDecoder(
      {
        signer: framing.signer,
        trailer: framing.trailer,
        trailerChecksum: checksum !== undefined && checksum.value === undefined ? checksum.algorithm : undefined,
        length: this.bytes.decoded,
      },
      gatherer,
    );
  }
}
