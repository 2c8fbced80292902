/** Bytes of a piece: writing in pieces of 1 MiB costs the kernel 40 % less than in the 64 KiB that a socket gives. */
export const PIECE_BYTES = 1024 * 1024;

// 48 MiB a process. Whoever comes later works with small pieces instead of waiting: waiting would let idle clients that
// hold pieces keep everyone else from uploading.
const MAX_PIECES = 48;
const MAX_IDLE = 4;
const SMALL_PIECE_BYTES = 128 * 1024;
/** Milliseconds without a large body after which the memory goes back. */
const IDLE_MS = 5_000;

const idle: Buffer<ArrayBuffer>[] = [];
let lent = 0;
let timer: NodeJS.Timeout | undefined;

/** Lends a buffer of {@link PIECE_BYTES}, or of 128 KiB while too many are out. */
export function acquirePiece(): Buffer {
  if (lent >= MAX_PIECES) return Buffer.allocUnsafeSlow(SMALL_PIECE_BYTES);
  lent += 1;
  return idle.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
}

/** Takes a lent buffer back; nobody may read or write it any more. */
export function releasePiece(piece: Buffer): void {
  if (piece.length !== PIECE_BYTES) return;
  lent -= 1;
  if (idle.length < MAX_IDLE) idle.push(piece as Buffer<ArrayBuffer>);
  if (timer) timer.refresh();
  else timer = setTimeout(giveBack, IDLE_MS).unref();
}

/** Now, and not when the collector comes by, which does not feel memory outside its heap. */
function giveBack(): void {
  timer = undefined;
  for (const { buffer } of idle.splice(0)) buffer.transfer(0);
}

/** Pieces that are lent now; for tests of leaks. */
export function lentPieces(): number {
  return lent;
}
