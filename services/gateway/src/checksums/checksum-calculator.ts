import { createHash, hash } from 'node:crypto';
import { crc32, crc32c } from '@node-rs/crc32';
import type { ChecksumAlgorithm } from '../objects/checksum.js';
import { Crc64Nvme, crc64Nvme } from './crc64-nvme.js';

/** A checksum over pieces that come one after the other. */
export interface ChecksumCalculator {
  update(piece: Buffer): void;
  /** The raw bytes, big endian; nothing may follow. */
  digest(): Buffer;
}

/** Starts a checksum over several pieces. For a single buffer {@link computeChecksum} is much cheaper. */
export function createChecksumCalculator(algorithm: ChecksumAlgorithm): ChecksumCalculator {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32Calculator(crc32);
    case 'CRC32C':
      return new Crc32Calculator(crc32c);
    case 'CRC64NVME':
      return new Crc64Nvme();
    case 'SHA1':
    case 'SHA256':
      return createHash(algorithm.toLowerCase());
  }
}

/** The checksum of one buffer, as raw bytes. */
export function computeChecksum(algorithm: ChecksumAlgorithm, data: Buffer): Buffer {
  switch (algorithm) {
    case 'CRC32':
      return uint32(crc32(data));
    case 'CRC32C':
      return uint32(crc32c(data));
    case 'CRC64NVME':
      return crc64Nvme(data);
    case 'SHA1':
    case 'SHA256':
      return hash(algorithm.toLowerCase(), data, 'buffer');
  }
}

class Crc32Calculator implements ChecksumCalculator {
  private value = 0;

  constructor(private readonly step: (data: Buffer, value: number) => number) {}

  update(piece: Buffer): void {
    this.value = this.step(piece, this.value);
  }

  digest(): Buffer {
    return uint32(this.value);
  }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
