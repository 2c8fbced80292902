import type { MaybePromise } from '../maybe-promise.js';
import type { ByteSink, ObjectBody } from '../objects/object-body.js';
import type { BucketRoom } from './bucket-room.js';

/** The size of what a write replaces. */
type Replaced = () => MaybePromise<number | undefined>;

/** A body of which only the end tells the length, cut off with `QuotaExceeded` where the room of its bucket ends. */
export function limitBody(body: ObjectBody, room: BucketRoom, replaced: Replaced): ObjectBody {
  const { length, checksum, claimedMd5 } = body;
  // Before the write holds some of it itself.
  const { left } = room;
  return { length, checksum, claimedMd5, transfer: (sink) => body.transfer(limitSink(sink, left, room, replaced)) };
}

function limitSink(sink: ByteSink, bytes: number, room: BucketRoom, replaced: Replaced): ByteSink {
  let left = bytes;
  let isExact = false;
  // Only where the room seems to end: what is replaced gives its own.
  const lookAgain = async (piece: Buffer): Promise<void> => {
    if (!isExact) left += (await replaced()) ?? 0;
    isExact = true;
    if (left < 0) throw room.refuse();
    await sink.write(piece);
  };
  return {
    ...(sink.needsMd5 !== undefined && { needsMd5: sink.needsMd5 }),
    write: (piece) => {
      left -= piece.length;
      return left < 0 ? lookAgain(piece) : sink.write(piece);
    },
  };
}
