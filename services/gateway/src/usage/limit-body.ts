import type { ObjectKey } from '../http/object-key.js';
import type { ByteSink, ObjectBody } from '../objects/object-body.js';
import type { BucketRoom } from './bucket-room.js';

/** A body of which only the end tells the length, cut off with `QuotaExceeded` where the room of its bucket ends. */
export function limitBody(body: ObjectBody, key: ObjectKey, room: BucketRoom): ObjectBody {
  const { length, checksum, claimedMd5 } = body;
  // Before the write holds some of it itself.
  const { left } = room;
  return { length, checksum, claimedMd5, transfer: (sink) => body.transfer(limitSink(sink, left, key, room)) };
}

function limitSink(sink: ByteSink, bytes: number, key: ObjectKey, room: BucketRoom): ByteSink {
  let left = bytes;
  let isExact = false;
  // Only where the room seems to end: what is replaced gives its own.
  const lookAgain = async (piece: Buffer): Promise<void> => {
    if (!isExact) left += (await room.sizeOf(key)) ?? 0;
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
