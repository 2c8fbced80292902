import fs from 'node:fs';
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

  /**
   * Moves what has arrived on one connection to another, without waiting for either. What the other does not take stays in the pipe
   * and is what comes next, also out of {@link read}.
   *
   * @param source a connection's descriptor
   * @param target another's
   * @returns bytes that the other took
   */
  move(source: number, target: number, length: number): number {
    if (this.held === 0) this.held = Math.max(0, this.libc.splice(source, this.ends.in, length));
    if (this.held === 0) return 0;
    const moved = Math.max(0, this.libc.splice(this.ends.out, target, Math.min(this.held, length)));
    this.held -= moved;
    return moved;
  }

  /** Reads what the pipe holds into a buffer, from an offset on. @returns bytes */
  read(buffer: Buffer, offset: number): number {
    if (this.held === 0) return 0;
    const count = fs.readSync(this.ends.out, buffer, offset, Math.min(this.held, buffer.length - offset), null);
    this.held -= count;
    return count;
  }

  close(): void {
    fs.closeSync(this.ends.out);
    fs.closeSync(this.ends.in);
  }
}
