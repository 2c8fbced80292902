import type { ServerResponse } from 'node:http';
import { acquirePiece, releasePiece } from '../body/piece-pool.js';
import type { ObjectReader } from '../objects/object-store.js';
import { ConnectionDescriptor } from './connection-descriptor.js';
import type { StreamedBody } from './s3-response.js';
import { StallWatch } from './stall-watch.js';

/** Bodies up to this size are read into one buffer and sent together with the headers. */
export const SMALL_BODY_BYTES = 64 * 1024;

/** From here on a body may go from file to connection within the kernel. */
const DIRECT_BODY_BYTES = 256 * 1024;
/** Bytes of a direct body that go through the process each time the connection has to be waited for. */
const LEAD_BYTES = 64 * 1024;
/** Bytes that the kernel is told to send at once: about what a connection's buffer takes. */
const DIRECT_BYTES = 1024 * 1024;
/** Times that it is told so behind one lead. */
const MAX_TURNS = 8;

/**
 * Sends the bytes of an open object, in constant memory whatever its size. Large ones past the process where storage and connection allow it.
 *
 * @returns bytes that the connection took, in whole pieces; fewer than the length where the client went away
 * @throws whatever the reader throws; the response is then incomplete and must be destroyed
 */
export async function pumpBody(response: ServerResponse, body: StreamedBody): Promise<number> {
  const pump = new BodyPump(response, body);
  try {
    await pump.run();
  } finally {
    pump.close();
  }
  return pump.sent;
}

class BodyPump {
  sent = 0;
  private gone = false;
  private readonly watch: StallWatch;

  constructor(
    private readonly response: ServerResponse,
    private readonly body: StreamedBody,
  ) {
    this.watch = new StallWatch(response);
  }

  async run(): Promise<void> {
    const { reader, length } = this.body;
    const direct = reader.send !== undefined && length >= DIRECT_BODY_BYTES;
    const connection = direct ? ConnectionDescriptor.of(this.response) : undefined;
    if (connection !== undefined) {
      try {
        await this.pumpDirectly(connection);
      } finally {
        connection.close();
      }
    }
    await this.pumpThroughMemory();
  }

  close(): void {
    this.watch.close();
  }

  private get isOver(): boolean {
    return this.gone || this.sent >= this.body.length;
  }

  /**
   * A little the ordinary way, then as much past the process as the connection takes. Node tells only of what it sent itself that it was taken,
   * so the little is how one waits for a connection that is full; it also brings the headers, and the errors of the storage.
   */
  private async pumpDirectly(connection: ConnectionDescriptor): Promise<void> {
    const { reader } = this.body;
    const piece = acquirePiece();
    try {
      for (let lead = LEAD_BYTES; !this.isOver;) {
        const count = await readSome(reader, piece.subarray(0, lead));
        this.gone = !(await this.send(piece.subarray(0, count)));
        if (this.gone) return;
        this.sent += count;
        const past = await this.sendPast(connection);
        if (past === undefined) return;
        // Where nothing could be sent so just now, more goes the ordinary way before it is tried again.
        lead = past > 0 ? LEAD_BYTES : Math.min(2 * lead, piece.length);
      }
    } finally {
      releasePiece(piece);
    }
  }

  /** Sends what storage and connection allow now. @returns bytes; undefined where nothing of this body can be sent so */
  private async sendPast(connection: ConnectionDescriptor): Promise<number | undefined> {
    const before = this.sent;
    for (let turn = 0; turn < MAX_TURNS && connection.isIdle && !this.isOver; turn++) {
      const past = await this.body.reader.send?.(connection, DIRECT_BYTES);
      if (past === undefined) return undefined;
      if (past === 0) break;
      this.sent += past;
    }
    return this.sent - before;
  }

  /** From two buffers in turn: one is filled while the kernel takes the other. */
  private async pumpThroughMemory(): Promise<void> {
    if (this.isOver) return;
    const { reader, length } = this.body;
    const buffers = [acquirePiece(), acquirePiece()];
    let writing: Promise<boolean> = Promise.resolve(true);
    let underWay = 0;
    try {
      for (let turn = 0; this.sent + underWay < length; turn++) {
        const buffer = buffers[turn % 2] as Buffer;
        const count = await readSome(reader, buffer);
        if (!(await writing)) return;
        this.sent += underWay;
        underWay = count;
        writing = this.send(buffer.subarray(0, count));
      }
      if (await writing) this.sent += underWay;
    } finally {
      // The kernel may still read from a buffer.
      await writing.catch(() => false);
      for (const buffer of buffers) releasePiece(buffer);
    }
  }

  /** Resolves when the piece may be reused: true once the kernel has it, false where the connection is gone. */
  private send(piece: Buffer): Promise<boolean> {
    const { response, watch } = this;
    return new Promise((resolve) => {
      if (response.destroyed || response.writableEnded) {
        resolve(false);
        return;
      }
      const gone = (): void => done(false);
      const done = (taken: boolean): void => {
        watch.waiting = false;
        response.off('close', gone);
        resolve(taken);
      };
      watch.waiting = true;
      response.once('close', gone);
      response.write(piece, (error) => done(!error));
    });
  }
}

async function readSome(reader: ObjectReader, buffer: Buffer): Promise<number> {
  const count = await reader.read(buffer);
  if (count === 0) throw new Error('The object ended before its length.');
  return count;
}

/** Reads a small body whole. */
export async function readSmallBody({ length, reader }: StreamedBody): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < buffer.length) filled += await readSome(reader, filled === 0 ? buffer : buffer.subarray(filled));
  return buffer;
}
