import { acquirePiece, releasePiece } from '../../../body/piece-pool.js';
import type { FileDriver, TemporaryFile } from '../../../storage/file-driver.js';
import type { StoredPart, UploadFolder } from './upload-folder.js';

/** Receives bytes at the end of what it has. */
type Append = (piece: Buffer) => void | Promise<void>;

/** Makes one file of the parts of an upload. */
export class UploadAssembly {
  /**
   * @param reserved the storage's reserved folder
   * @param files the bucket's folder
   */
  constructor(
    private readonly reserved: FileDriver,
    private readonly files: FileDriver,
  ) {}

  /**
   * The content of the object as a temporary file: the data file itself where the parts line up in it, else a copy. The upload stays
   * as it was until the file is committed, so that a completion that fails can be tried again. The upload must be closed.
   */
  async assemble(folder: UploadFolder, parts: readonly StoredPart[]): Promise<TemporaryFile> {
    const partSize = this.reserved.capabilities.randomWrites ? await folder.partSize() : undefined;
    const lines = partSize !== undefined && linesUp(parts, partSize) && (await holdsSlots(folder, parts, partSize));
    if (lines && (await ownsSlots(folder, parts))) {
      await this.fillSlots(folder, parts, partSize);
      return this.files.adopt(folder.dataPath);
    }
    const temporary = await this.files.createTemporary(parts.reduce((sum, part) => sum + part.size, 0));
    try {
      for (const part of parts) await this.copy(folder, part, partSize, (piece) => temporary.write(piece));
      return temporary;
    } catch (error) {
      await temporary.discard();
      throw error;
    }
  }

  /** Copies the parts that have files of their own to their offsets, and cuts off what failed requests left behind the end. */
  private async fillSlots(folder: UploadFolder, parts: readonly StoredPart[], partSize: number): Promise<void> {
    const data = await this.reserved.openForWriting(folder.dataPath);
    try {
      for (const part of parts) {
        if (part.file === undefined) continue;
        let position = (part.number - 1) * partSize;
        await this.copy(folder, part, partSize, (piece) => {
          const at = position;
          position += piece.length;
          return data.writeAt(piece, at);
        });
      }
      await data.truncate(parts.reduce((sum, part) => sum + part.size, 0));
    } finally {
      await data.close();
    }
  }

  private async copy(
    folder: UploadFolder,
    part: StoredPart,
    partSize: number | undefined,
    append: Append,
  ): Promise<void> {
    const path = part.file === undefined ? folder.dataPath : folder.filePath(part.file);
    let position = part.file === undefined ? (part.number - 1) * (partSize ?? 0) : 0;
    const end = position + part.size;
    const source = await this.reserved.open(path);
    const buffer = acquirePiece();
    try {
      await source.prepare?.(position, end);
      while (position < end) {
        const count = await source.read(buffer.subarray(0, Math.min(buffer.length, end - position)), position);
        if (count === 0) throw new Error(`Part ${part.number} of an upload is shorter than its record says.`);
        await append(buffer.subarray(0, count));
        position += count;
      }
    } finally {
      releasePiece(buffer);
      await source.close();
    }
  }
}

/** Whether parts 1, 2, 3, … of one size, the last of any, make the data file the object. */
function linesUp(parts: readonly StoredPart[], partSize: number): boolean {
  const last = parts.length - 1;
  return parts.every(
    ({ number, size }, i) => number === i + 1 && (size === partSize || (i === last && size < partSize)),
  );
}

/** Whether the data file is there with all parts that have slots: an earlier completion may have made the object of it. */
async function holdsSlots(folder: UploadFolder, parts: readonly StoredPart[], partSize: number): Promise<boolean> {
  const last = parts.findLast((part) => part.file === undefined);
  const size = await folder.dataSize();
  return last !== undefined && size !== undefined && size >= (last.number - 1) * partSize + last.size;
}

/**
 * Whether every slot that was ever given out holds a part of the list. Any other belongs to a request that may still be
 * writing, and would go on writing into the finished object.
 */
async function ownsSlots(folder: UploadFolder, parts: readonly StoredPart[]): Promise<boolean> {
  const settled = new Set(parts.filter((part) => part.file === undefined).map((part) => part.number));
  return (await folder.claimedSlots()).every((number) => settled.has(number));
}
