import type { ByteSink, ObjectBody } from '../../objects/object-body.js';

/** Bytes of a part: S3's least is 5 MiB, and 10,000 of these are more than any form may hold. */
const PART_BYTES = 8 * 1024 * 1024;

/** Where the parts of a body of unknown length go. */
export interface PartTarget<T> {
  /** The body was small. */
  whole(bytes: Buffer, md5: string): Promise<T>;
  begin(): Promise<void>;
  part(number: number, bytes: Buffer): Promise<void>;
  complete(): Promise<T>;
  /** Never fails. */
  abort(): Promise<void>;
}

/** Sends a body whose length only its end tells, as S3 takes such: in parts, one of which is held in memory. */
export async function sendUnsized<T>(body: ObjectBody, target: PartTarget<T>): Promise<{ answer: T; size: number }> {
  const parts = new PartGatherer(target);
  try {
    const { md5, size } = await body.transfer(parts);
    return { answer: await parts.finish(md5), size };
  } catch (error) {
    await parts.abort();
    throw error;
  }
}

class PartGatherer<T> implements ByteSink {
  private readonly buffer = Buffer.allocUnsafeSlow(PART_BYTES);
  private filled = 0;
  private sent = 0;
  private begun = false;
  private sending: Promise<void> | undefined;

  constructor(private readonly target: PartTarget<T>) {}

  async write(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length;) {
      // A full buffer may be the last part, whose size has no lower limit: it goes when more comes.
      if (this.filled === PART_BYTES) await this.flush();
      const taken = piece.copy(this.buffer, this.filled, at);
      at += taken;
      this.filled += taken;
    }
  }

  async finish(md5: string): Promise<T> {
    if (!this.begun) return this.target.whole(this.buffer.subarray(0, this.filled), md5);
    await this.flush();
    return this.target.complete();
  }

  async abort(): Promise<void> {
    // A body that breaks off does not wait for the part that is under way.
    await this.sending?.catch(() => undefined);
    if (this.begun) await this.target.abort();
  }

  private flush(): Promise<void> {
    this.sending = this.send();
    return this.sending;
  }

  private async send(): Promise<void> {
    if (!this.begun) {
      await this.target.begin();
      this.begun = true;
    }
    this.sent += 1;
    await this.target.part(this.sent, this.buffer.subarray(0, this.filled));
    this.filled = 0;
  }
}
