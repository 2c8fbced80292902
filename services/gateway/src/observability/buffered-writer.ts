import { fstatSync, openSync, write, writeSync } from 'node:fs';

/** Writes of at most this many bytes to a pipe are not mixed with those of other processes (POSIX PIPE_BUF on Linux). */
const PIPE_BUFFER_BYTES = 4096;
const FILE_BUFFER_BYTES = 64 * 1024;
/** How much may wait for a reader that stalls, before lines are dropped. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const FLUSH_MS = 250;
const RETRY_MS = 20;
const NEWLINE = 0x0a;

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

  /** For the exit of the process: writes what is left, as far as the reader takes it, but for what the kernel is being given already. */
  flushSync(): void {
    const rest = Buffer.concat([...this.queue.splice(this.writing ? 1 : 0), Buffer.from(this.batch.join(''))]);
    this.waitingBytes = this.queue[0]?.length ?? 0;
    this.batch = [];
    this.batchBytes = 0;
    let at = 0;
    try {
      while (!this.broken && at < rest.length) at += writeSync(this.descriptor, rest, at);
    } catch {
      this.broken = true;
    }
    this.dropped += linesIn(rest.subarray(at));
    if (!this.writing) this.settle();
  }

  private pump(): void {
    const [first] = this.queue;
    if (this.writing || first === undefined) return;
    this.writing = true;
    write(this.descriptor, first, (error, written) => {
      this.writing = false;
      this.written(first, error, written);
    });
  }

  private written(first: Buffer, error: NodeJS.ErrnoException | null, written: number): void {
    if (error?.code === 'EAGAIN') {
      setTimeout(() => this.pump(), RETRY_MS).unref();
      return;
    }
    if (error !== null) return this.giveUp(error);
    this.waitingBytes -= written;
    if (written < first.length) this.queue[0] = first.subarray(written);
    else this.queue.shift();
    if (this.queue.length > 0) return this.pump();
    this.settle();
  }

  private giveUp(error: NodeJS.ErrnoException): void {
    // A full disk may have room again; a reader that went away does not come back.
    this.broken = error.code === 'EPIPE' || error.code === 'EBADF';
    for (const lines of this.queue) this.dropped += linesIn(lines);
    this.queue.length = 0;
    this.waitingBytes = 0;
    this.settle();
  }

  private settle(): void {
    for (const resolve of this.idle) resolve();
    this.idle = [];
  }
}

/** Counted only of what is lost: one of which a part was written is lost as well. */
function linesIn(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}
