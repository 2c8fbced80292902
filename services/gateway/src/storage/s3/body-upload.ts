import { createChecksumCalculator, type ChecksumCalculator } from '../../checksums/checksum-calculator.js';
import type { BodyDigests, ObjectBody } from '../../objects/object-body.js';
import type { ChecksumAlgorithm } from '../../objects/checksum.js';
import { OutgoingBody } from './outgoing-body.js';
import type { UpstreamTraits } from './upstream-traits.js';

/** Bodies up to this size go in one piece: with all digests known, and again where the upstream was busy. */
export const WHOLE_BYTES = 1024 * 1024;

/** How a body is sent. */
export interface BodyUpload<T> {
  /** Sends a body that is there, and was verified. */
  whole(bytes: Buffer, digests: BodyDigests): Promise<T>;
  /** Sends a body that comes piece by piece; its last piece has been verified when it comes. */
  streamed(body: OutgoingBody, signal: AbortSignal): Promise<T>;
  /** Whose checksum follows the bytes of a streamed body, whether it was asked for or not. */
  readonly trailer: ChecksumAlgorithm | undefined;
  /** The upstream is told the MD5 that the client claims of a streamed body, and compares it. */
  readonly passesMd5: boolean;
  readonly idleTimeoutMs: number;
}

/** What was sent, and what the upstream answered. */
export interface Sent<T> {
  readonly answer: T;
  readonly digests: BodyDigests;
}

/**
 * Sends a body of known length to the upstream in one request. A body that turns out to be wrong cuts the request short of its
 * length, so nothing of it is stored.
 */
export async function sendBody<T>(body: ObjectBody, length: number, upload: BodyUpload<T>): Promise<Sent<T>> {
  if (length <= WHOLE_BYTES) {
    const { bytes, digests } = await gather(body, length);
    return { answer: await upload.whole(bytes, digests), digests };
  }
  const outgoing = new OutgoingBody(length, upload.trailer);
  const controller = new AbortController();
  const ownChecksum = checksumFor(outgoing.trailer, body);
  let sending: Promise<T> | undefined;
  try {
    const digests = await body.transfer({
      // The entity tag is the upstream's.
      needsMd5: body.claimedMd5 !== undefined && !upload.passesMd5,
      write: async (piece) => {
        sending ??= start(upload, outgoing, controller.signal);
        ownChecksum?.update(piece);
        try {
          await outgoing.write(piece, upload.idleTimeoutMs);
        } catch (error) {
          // Why the upstream has ended the connection is in its answer, if there is one.
          await sending;
          throw error;
        }
      },
    });
    await outgoing.finish(ownChecksum?.digest().toString('base64') ?? digests.checksum?.value);
    return { answer: await (sending as Promise<T>), digests };
  } catch (error) {
    controller.abort();
    // The buffers of the last piece are free only when the connection is gone.
    await sending?.catch(() => undefined);
    throw error;
  }
}

/**
 * The MD5 that a client claims of a body, as `Content-MD5`, where the upstream can compare it in its place. Beside a checksum it is compared
 * here: of which bytes it is where a trailer follows them, servers do not agree.
 */
export function passableMd5(
  traits: UpstreamTraits | undefined,
  { checksum, claimedMd5 }: ObjectBody,
): string | undefined {
  return traits?.contentMd5 === true && checksum === undefined && claimedMd5 !== undefined
    ? Buffer.from(claimedMd5, 'hex').toString('base64')
    : undefined;
}

/** For a body that comes with no checksum of the trailer's kind. */
function checksumFor(trailer: ChecksumAlgorithm | undefined, body: ObjectBody): ChecksumCalculator | undefined {
  return trailer === undefined || body.checksum?.algorithm === trailer ? undefined : createChecksumCalculator(trailer);
}

function start<T>(upload: BodyUpload<T>, outgoing: OutgoingBody, signal: AbortSignal): Promise<T> {
  const sending = upload.streamed(outgoing, signal);
  sending.catch((error: unknown) => outgoing.fail(error));
  return sending;
}

async function gather(body: ObjectBody, length: number): Promise<{ bytes: Buffer; digests: BodyDigests }> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  const digests = await body.transfer({
    write: (piece) => {
      at += piece.copy(bytes, at);
    },
  });
  return { bytes, digests };
}
