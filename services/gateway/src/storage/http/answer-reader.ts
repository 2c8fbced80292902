import type { RawConnection } from '../file-driver.js';
import type { RemoteReader } from '../remote/remote-files.js';
import type { HttpAnswer } from './http-exchange.js';

const SKIPPED_AT_ONCE = 256 * 1024;

/** The bytes of a file out of an answer's body. */
export class AnswerReader implements RemoteReader {
  /**
   * @param skip bytes of the body before those that were asked for, of a server that knows no ranges
   * @param left bytes that were asked for; more are left out, fewer are a failure
   */
  constructor(
    private readonly answer: HttpAnswer,
    private skip: number,
    private left: number,
  ) {}

  async read(buffer: Buffer): Promise<number> {
    const wanted = Math.min(buffer.length, this.left);
    if (wanted === 0) return 0;
    if (this.skip > 0) await this.skipBytes();
    // Full buffers: who reads pays a request, a hash and a write for each.
    await this.answer.fill(wanted < buffer.length ? buffer.subarray(0, wanted) : buffer);
    this.left -= wanted;
    // With its last byte the answer has ended: its connection can serve the next request.
    if (this.left === 0) this.answer.drop();
    return wanted;
  }

  send(connection: RawConnection, length: number): number | undefined {
    if (this.skip > 0) return 0;
    const sent = this.answer.send(connection, Math.min(length, this.left));
    if (sent === undefined || sent === 0) return sent;
    this.left -= sent;
    if (this.left === 0) this.answer.drop();
    return sent;
  }

  close(): void {
    this.answer.drop();
  }

  private async skipBytes(): Promise<void> {
    const scratch = Buffer.allocUnsafe(Math.min(this.skip, SKIPPED_AT_ONCE));
    while (this.skip > 0) {
      const count = Math.min(this.skip, scratch.length);
      await this.answer.fill(scratch.subarray(0, count));
      this.skip -= count;
    }
  }
}
