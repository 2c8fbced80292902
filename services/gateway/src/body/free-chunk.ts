/** Below this a chunk may be a slice of a pool, and is not worth it. */
const FREED_BYTES = 16 * 1024;

/**
 * Gives the memory of a chunk that was copied back at once. Left to the collector, which does not feel memory outside its heap until tens of
 * megabytes have piled up, chunks would make up most of what a process that moves bytes holds.
 */
export function freeChunk(chunk: Buffer): void {
  const { buffer } = chunk;
  // A chunk of a plain connection has its memory to itself; one of a TLS connection may share it.
  if (chunk.length < FREED_BYTES || chunk.length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}
