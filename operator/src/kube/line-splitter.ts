const NEWLINE = 0x0a;

/** Objects of the API have at most about 1.5 MiB; JSON of a watch may escape every byte of them. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * Cuts a stream of bytes into lines. It looks for newlines among bytes, where no character of UTF-8 but the newline
 * itself has that byte, so that a chunk may end within a character.
 */
export class LineSplitter {
  private rest: Uint8Array[] = [];
  private restBytes = 0;

  /**
   * The lines that end in this chunk, without their newline; empty ones are left out.
   *
   * @throws RangeError for a line of more than 16 MiB.
   */
  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.keep(chunk.subarray(start, end));
      start = end + 1;
      const line = this.take();
      if (line !== '') yield line;
    }
    this.keep(chunk.subarray(start));
  }

  private keep(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.restBytes += bytes.length;
    if (this.restBytes > MAX_LINE_BYTES) throw new RangeError(`a line has more than ${MAX_LINE_BYTES} bytes`);
    this.rest.push(bytes);
  }

  private take(): string {
    const line = Buffer.concat(this.rest, this.restBytes).toString('utf8');
    this.rest = [];
    this.restBytes = 0;
    return line;
  }
}
