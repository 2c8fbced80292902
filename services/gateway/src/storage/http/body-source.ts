import { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { socketDescriptor } from '../../native/socket-descriptor.js';
import type { RawConnection } from '../file-driver.js';
import { ConnectionPipe } from './connection-pipe.js';
import { canReadDirectly, readDirectly, readLargePieces, type DirectSink } from './direct-reads-agent.js';

/** From so many bytes on it pays to read a body past the parser: the connection is closed behind it. */
export const DIRECT_BYTES = 4 * 1024 * 1024;

/**
 * Bytes that are read at once when it is not known yet how many will be wanted. No more than anybody asks for: what is left over has to
 * go through the process before anything goes past it.
 */
const FIRST_BYTES = 16 * 1024;

/** Why a body gives no more bytes. */
export interface BodyFailures {
  /** It ended before its length. */
  readonly cut: () => Error;
  /** Nothing came for too long. */
  readonly stalled: () => Error;
}

/** Copies the bytes of an answer to where they are wanted, with one promise a buffer instead of several a chunk. */
export class BodySource implements DirectSink {
  /** Bytes in the buffer that is, or was last, to be filled. */
  filled = 0;
  private readonly socket: Socket | undefined;
  private target: Buffer | undefined;
  /** What has arrived and is not wanted yet. Out of a connection's own buffer, which nobody writes to while it is paused. */
  private rest: Buffer[] = [];
  /** Some of that is the connection's. */
  private borrowed = false;
  private pipe: ConnectionPipe | undefined;
  private failure: Error | undefined;
  private settle: ((error?: Error) => void) | undefined;
  private silence: NodeJS.Timeout | undefined;

  constructor(
    readonly stream: Readable,
    private readonly idleTimeoutMs: number,
    private readonly failures: BodyFailures,
  ) {
    stream.on('error', (error: Error) => this.end(error));
    stream.on('close', () => this.end(failures.cut()));
    this.socket = this.takeOver();
    if (this.socket === undefined) stream.on('data', this.onData).pause();
  }

  /** Fills a buffer to its end, from an offset on. What it holds when it fails, {@link filled} says. */
  async fill(target: Buffer, offset: number): Promise<void> {
    this.filled = offset;
    this.target = target;
    while (this.rest.length > 0 && this.filled < target.length) this.put(this.rest.shift() as Buffer);
    if (this.rest.length === 0) this.borrowed = false;
    this.filled += this.pipe?.read(target, this.filled) ?? 0;
    if (this.filled === target.length) return;
    // What has ended before anybody listened says so nowhere else.
    if (this.failure === undefined && this.stream.destroyed) this.failure = this.failures.cut();
    if (this.failure !== undefined) throw this.failure;
    await new Promise<void>((resolve, reject) => {
      this.settle = (error) => {
        clearTimeout(this.silence);
        this.settle = undefined;
        if (error === undefined) resolve();
        else reject(error);
      };
      this.silence = setTimeout(() => this.stream.destroy(this.failures.stalled()), this.idleTimeoutMs);
      (this.socket ?? this.stream).resume();
    });
  }

  /**
   * Hands what has arrived to a connection, within the kernel.
   *
   * @returns bytes that it took; undefined where this body cannot be handed over so
   */
  send(connection: RawConnection, length: number): number | undefined {
    if (this.socket === undefined) return undefined;
    const source = socketDescriptor(this.socket);
    if (source < 0 || this.rest.length > 0) return 0;
    this.pipe ??= ConnectionPipe.open();
    return this.pipe?.move(source, connection.fd, length);
  }

  get wanted(): number {
    return this.target === undefined || this.settle === undefined ? FIRST_BYTES : this.target.length - this.filled;
  }

  take(bytes: Buffer): boolean {
    if (this.borrowed || this.pipe?.isEmpty === false) {
      // Never seen: who resumes a connection behind our back overwrites what is not read yet, or gets ahead of what the pipe holds.
      this.stream.destroy(new Error('A connection was read on while it was paused.'));
      return false;
    }
    if (this.accept(bytes)) return true;
    this.borrowed = this.rest.length > 0;
    this.socket?.pause();
    return false;
  }

  /** Ends the exchange. @param left bytes that were not read; up to `cheap` are read and thrown away, to keep the connection */
  close(left: number, cheap: number): void {
    const { stream } = this;
    this.target = undefined;
    const { pipe } = this;
    this.pipe = undefined;
    pipe?.close();
    if (stream.destroyed || stream.readableEnded) return;
    if (this.socket !== undefined || !(left <= cheap)) stream.destroy();
    else stream.off('data', this.onData).resume();
  }

  /** Reads a large body off its connection, where that can be. */
  private takeOver(): Socket | undefined {
    const { stream } = this;
    if (!(stream instanceof IncomingMessage) || stream.complete || stream.destroyed) return undefined;
    const { socket, headers } = stream;
    const length = Number(headers['content-length'] ?? 0);
    if (!canReadDirectly(socket)) return undefined;
    if (length < DIRECT_BYTES || headers['transfer-encoding'] !== undefined) {
      readLargePieces(socket);
      return undefined;
    }
    readDirectly(socket, this);
    // What the parser has seen of it already.
    const seen = stream.read() as Buffer | null;
    if (seen !== null) this.rest.push(seen);
    // Behind that, which has the connection read on.
    socket.pause();
    return socket;
  }

  private readonly onData = (chunk: Buffer): void => {
    if (!this.accept(chunk)) this.stream.pause();
  };

  /** @returns whether more is wanted */
  private accept(bytes: Buffer): boolean {
    if (this.target === undefined || this.settle === undefined) {
      this.rest.push(bytes);
      return false;
    }
    this.silence?.refresh();
    this.put(bytes);
    if (this.filled < this.target.length) return true;
    this.settle();
    return false;
  }

  private put(bytes: Buffer): void {
    const copied = bytes.copy(this.target as Buffer, this.filled);
    this.filled += copied;
    if (copied < bytes.length) this.rest.unshift(bytes.subarray(copied));
  }

  private end(error: Error): void {
    this.failure ??= error;
    this.settle?.(this.failure);
  }
}
