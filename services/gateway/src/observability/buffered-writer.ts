import { fstatSync, openSync, write, writeSync } from 'node:fs';

/** Writes of at most this many bytes to a pipe are not mixed with those of other processes (POSIX PIPE_BUF on Linux). */
const PIPE_BUFFER_BYTES = 4096;
const FILE_BUFFER_BYTES = 64 * 1024;
/** How much may wait for a reader that stalls, before lines are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const FLUSH_MS = 250;
const RETRY_MS = 20;

/**
 * Writes lines to a descriptor in batches and never waits: a reader that stalls costs lines, not requests. Several
 * processes may share the descriptor, so each write holds whole lines.
 */
export class BufferedWriter {
  private batch: string[] = [];
  private batchBytes = 0;
  private readonly queue: Buffer[] = [];
  private waitingBytes = 0;
  private writing = false;
  private broken = false;
  private timer: NodeJS.Timeout | undefined;
  private idle: (() => void)[] = [];
  /** Lines that were given up. */
  dropped = 0;

  constructor(
    private readonly descriptor: number,
    private readonly batchLimit: number = fstatSync(descriptor).isFile() ? FILE_BUFFER_BYTES : PIPE_BUFFER_BYTES,
  ) {}

  /** Appends to a file, which is made if need be. */
  static toFile(path: string): BufferedWriter {
    return new BufferedWriter(openSync(path, 'a', 0o640));
  }

  /** @param line with its newline */
  write(line: string): void {
    if (this.broken || this.waitingBytes > MAX_WAITING_BYTES) {
      this.dropped++;
      return;
    }
    const bytes = Buffer.byteLength(line);
    if (this.batchBytes + bytes > this.batchLimit) this.flush();
    this.batch.push(line);
    this.batchBytes += bytes;
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Hands what was gathered to the kernel, in the background. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.batch.length === 0) return;
    this.queue.push(Buffer.from(this.batch.join('')));
    this.waitingBytes += this.batchBytes;
    this.batch = [];
    this.batchBytes = 0;
    this.pump();
  }

  /** Resolves when everything is written or given up. */
  async drain(): Promise<void> {
    this.flush();
    if (this.queue.length === 0) return;
    await new Promise<void>((resolve) => {
      this.idle.push(resolve);
    });
  }

  /** For the exit of the process: writes what is left, as far as the reader takes it. */
  flushSync(): void {
    if (this.broken) return;
    const rest = Buffer.concat([...this.queue, Buffer.from(this.batch.join(''))]);
    this.queue.length = 0;
    this.batch = [];
    try {
      for (let at = 0; at < rest.length;) at += writeSync(this.descriptor, rest, at);
    } catch {
      this.broken = true;
    }
  }

  private pump(): void {
    const [first] = this.queue;
    if (this.writing || first === undefined) return;
    this.writing = true;
    write(this.descriptor, first, (error, written) => {
      this.writing = false;
      this.written(error, written);
    });
  }

  private written(error: NodeJS.ErrnoException | null, written: number): void {
    const first = this.queue.shift();
    if (first === undefined) return;
    if (error?.code === 'EAGAIN') {
      this.queue.unshift(first);
      setTimeout(() => this.pump(), RETRY_MS).unref();
      return;
    }
    if (error !== null) return this.giveUp(error);
    this.waitingBytes -= written;
    if (written < first.length) this.queue.unshift(first.subarray(written));
    if (this.queue.length > 0) return this.pump();
    for (const resolve of this.idle) resolve();
    this.idle = [];
  }

  private giveUp(error: NodeJS.ErrnoException): void {
    // A full disk may have room again; a reader that went away does not come back.
    this.broken = error.code === 'EPIPE' || error.code === 'EBADF';
    this.dropped++;
    this.queue.length = 0;
    this.waitingBytes = 0;
    for (const resolve of this.idle) resolve();
    this.idle = [];
  }
}
