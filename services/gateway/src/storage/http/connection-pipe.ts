import fs from 'node:fs';
import { isRefusal } from '../../native/is-refusal.js';
import { findLibc, type Libc } from '../../native/libc.js';

/** What the kernel lends to any user, though not to many at once. */
const PIPE_BYTES = 1024 * 1024;

/** A pipe through which bytes go from one connection to another within the kernel. */
export class ConnectionPipe {
  /** Bytes in the pipe. */
  private held = 0;

  private constructor(
    private readonly libc: Libc,
    private readonly ends: { readonly out: number; readonly in: number },
  ) {}

  /** Undefined where there is none to be had. */
  static open(): ConnectionPipe | undefined {
    const libc = findLibc();
    const ends = libc?.openPipe(PIPE_BYTES);
    return libc && ends && new ConnectionPipe(libc, ends);
  }

  /** Whether all that was put in has been taken out. */
  get isEmpty(): boolean {
    return this.held === 0;
  }

  /**
   * Moves what has arrived on one connection to another, without waiting for either. What the other does not take stays in the pipe
   * and is what comes next, also out of {@link read}.
   *
   * @param source a connection's descriptor
   * @param target another's
   * @returns bytes that the other took; undefined where the kernel does not do this
   */
  move(source: number, target: number, length: number): number | undefined {
    if (this.held === 0) {
      const arrived = this.libc.splice(source, this.ends.in, length);
      if (arrived <= 0) return isRefusal(arrived) ? undefined : 0;
      this.held = arrived;
    }
    const moved = this.libc.splice(this.ends.out, target, Math.min(this.held, length));
    if (moved < 0) return isRefusal(moved) ? undefined : 0;
    this.held -= moved;
    return moved;
  }

  /** Reads what the pipe holds into a buffer, from an offset on. @returns bytes; fewer than there is room for only where the pipe is empty then */
  read(buffer: Buffer, offset: number): number {
    let end = offset;
    while (this.held > 0 && end < buffer.length) {
      const count = fs.readSync(this.ends.out, buffer, end, Math.min(this.held, buffer.length - end), null);
      this.held -= count;
      end += count;
    }
    return end - offset;
  }

  close(): void {
    try {
      fs.closeSync(this.ends.out);
    } finally {
      fs.closeSync(this.ends.in);
    }
  }
}
