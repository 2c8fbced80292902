import type { ServerResponse } from 'node:http';
import type { StreamedBody } from './s3-response.js';
import { acquirePiece, releasePiece } from '../body/piece-pool.js';

/** Bodies up to this size are read into one buffer and sent together with the headers. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** A client that reads nothing for this long, in milliseconds, has its connection closed. */
const STALL_TIMEOUT_MS = 120_000;

/**
 * Sends the bytes of an open object, from two buffers in turn: one is filled while the kernel takes the other. Memory is
 * constant whatever the object's size.
 *
 * @returns bytes handed to the connection; fewer than the length where the client went away
 * @throws whatever the reader throws; the response is then incomplete and must be destroyed
 */
export async function pumpBody(response: ServerResponse, body: StreamedBody): Promise<number> {
  const buffers = [acquirePiece(), acquirePiece()];
  let sent = 0;
  let writing: Promise<boolean> = Promise.resolve(true);
  try {
    for (let turn = 0; sent < body.length; turn++) {
      const buffer = buffers[turn % 2] as Buffer;
      const count = await body.reader.read(buffer);
      if (!(await writing)) return sent;
      if (count === 0) throw new Error('The object ended before its length.');
      sent += count;
      writing = send(response, buffer.subarray(0, count));
    }
    await writing;
    return sent;
  } finally {
    // The kernel may still read from a buffer.
    await writing.catch(() => false);
    for (const buffer of buffers) releasePiece(buffer);
  }
}

/** Reads a small body whole. */
export async function readSmallBody(body: StreamedBody): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(body.length);
  let filled = 0;
  while (filled < buffer.length) {
    const count = await body.reader.read(filled === 0 ? buffer : buffer.subarray(filled));
    if (count === 0) throw new Error('The object ended before its length.');
    filled += count;
  }
  return buffer;
}

/** Resolves when the piece may be reused: true once the kernel has it, false where the connection is gone. */
function send(response: ServerResponse, piece: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed || response.writableEnded) {
      resolve(false);
      return;
    }
    const gone = (): void => done(false);
    const stalled = setTimeout(() => response.destroy(), STALL_TIMEOUT_MS);
    const done = (taken: boolean): void => {
      clearTimeout(stalled);
      response.off('close', gone);
      resolve(taken);
    };
    response.once('close', gone);
    response.write(piece, (error) => done(!error));
  });
}
