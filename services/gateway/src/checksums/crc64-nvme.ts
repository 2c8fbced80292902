import { createCRC64 } from 'hash-wasm';

/** The polynomial of CRC-64/NVME, bits reversed (NVM Express command set specification, "64b CRC"). */
export const CRC64_NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;

// One instance serves the whole process: making one costs more than hashing a small object. Nothing awaits between load
// and save, so running checksums can take turns with it.
const hasher = await createCRC64(CRC64_NVME_POLYNOMIAL.toString(16));

/** CRC-64/NVME of one buffer: eight bytes, big endian. */
export function crc64Nvme(data: Buffer): Buffer {
  return Buffer.from(hasher.init().update(data).digest('binary'));
}

/** A CRC-64/NVME over several pieces. */
export class Crc64Nvme {
  private state: Uint8Array | undefined;

  update(piece: Buffer): void {
    if (this.state === undefined) hasher.init();
    else hasher.load(this.state);
    hasher.update(piece);
    this.state = hasher.save();
  }

  /** Eight bytes, big endian. */
  digest(): Buffer {
    if (this.state === undefined) hasher.init();
    else hasher.load(this.state);
    return Buffer.from(hasher.digest('binary'));
  }
}
