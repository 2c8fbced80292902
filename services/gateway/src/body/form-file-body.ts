import type { Readable } from 'node:stream';
import { S3Error } from '../errors/s3-error.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { ChecksumAlgorithm } from '../objects/checksum.js';
import type { BodyDigests, ByteSink, ObjectBody } from '../objects/object-body.js';
import { BodyDigester } from './body-digester.js';
import type { ExpectedDigests } from './expected-digests.js';
import { PieceGatherer } from './piece-gatherer.js';
import { pumpStream, type ByteTarget } from './stream-pump.js';
import { DEFAULT_IDLE_TIMEOUT } from './upload-body.js';

export interface FormFileOptions {
  /** Bytes at least and at most: `content-length-range` of the policy, or S3's own limits. */
  readonly minimum: number;
  readonly maximum: number;
  /** What the form's fields say of the file ({@link parseExpectedDigests}). */
  readonly expected?: ExpectedDigests;
  /** The checksum to compute where the form names none. */
  readonly algorithm?: ChecksumAlgorithm;
  /** Milliseconds without a byte after which the client is given up; 60,000 unless given. */
  readonly idleTimeout?: number;
  /** Called once the file is here. @throws S3Error where it must not be stored any more */
  readonly confirm?: () => MaybePromise<void>;
}

/**
 * The file part of a POST upload, of unknown length until the part ends. The stream must be destroyed when the request
 * breaks off; one that closes before its end is `IncompleteBody`.
 *
 * `transfer` throws `EntityTooLarge` or `EntityTooSmall` outside the range.
 */
export function createFormFileBody(stream: Readable, options: FormFileOptions): ObjectBody {
  return new FormFileBody(stream, options);
}

class FormFileBody implements ObjectBody {
  readonly length = undefined;

  constructor(
    private readonly stream: Readable,
    private readonly options: FormFileOptions,
  ) {}

  async transfer(sink: ByteSink): Promise<BodyDigests> {
    const { minimum, expected = {}, algorithm, idleTimeout = DEFAULT_IDLE_TIMEOUT } = this.options;
    const digester = new BodyDigester({ expected, ...(algorithm === undefined ? {} : { algorithm }) });
    const gatherer = new PieceGatherer(sink, digester, undefined);
    try {
      await pumpStream(this.stream, this.limited(gatherer), { length: undefined, idleTimeout });
      const last = await gatherer.settle();
      if (gatherer.total < minimum) throw outside('EntityTooSmall', gatherer.total, 'MinSizeAllowed', minimum);
      const digests = digester.finish(last);
      await this.options.confirm?.();
      if (last.length > 0) await sink.write(last);
      return digests;
    } finally {
      gatherer.release();
    }
  }

  private limited(gatherer: PieceGatherer): ByteTarget {
    const { maximum } = this.options;
    return {
      take: (chunk): boolean => {
        const size = gatherer.total + chunk.length;
        if (size > maximum) throw outside('EntityTooLarge', size, 'MaxSizeAllowed', maximum);
        gatherer.take(chunk);
        // The form parser gives slices of what it reads.
        return true;
      },
      get ready(): Promise<void> | undefined {
        return gatherer.ready;
      },
    };
  }
}

function outside(code: 'EntityTooLarge' | 'EntityTooSmall', size: number, limitName: string, limit: number): S3Error {
  return new S3Error(code, { details: { ProposedSize: String(size), [limitName]: String(limit) } });
}
