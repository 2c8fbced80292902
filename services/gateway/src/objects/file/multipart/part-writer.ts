import type { FileDriver, TemporaryFile, WritableFile } from '../../../storage/file-driver.js';
import type { BodyDigests, ObjectBody } from '../../object-body.js';
import type { StoredPart, UploadFolder } from './upload-folder.js';

/** The least size of a part that is not the last (S3 user guide, "Amazon S3 multipart upload limits"). */
export const MIN_PART_BYTES = 5 * 1024 * 1024;

/**
 * Writes parts so that completing an upload is a rename where it can be: a part that has the size of the others goes to its
 * final offset in the data file. Each slot is written by one request only, ever, so that a part that was acknowledged
 * is never overwritten by a retry that breaks off; retries and odd sizes get files of their own.
 */
export class PartWriter {
  /** @param reserved the storage's reserved folder */
  constructor(private readonly reserved: FileDriver) {}

  /** Stores a part; what was stored under its number before stays until the new one is whole. */
  async write(folder: UploadFolder, number: number, body: ObjectBody): Promise<StoredPart> {
    const before = await folder.readPart(number);
    const slot = await this.findSlot(folder, number, body.length);
    const stored =
      slot === undefined
        ? await this.writeFile(folder, number, body)
        : await this.writeSlot(folder, number, body, slot);
    await folder.writePart(stored, before !== undefined);
    // A completion that is under way may have chosen the old one.
    if (before?.file !== undefined && !(await folder.isClosed())) await folder.removeFile(before.file);
    return stored;
  }

  /** Offset of the slot that this request may write, or undefined for none. */
  private async findSlot(
    folder: UploadFolder,
    number: number,
    length: number | undefined,
  ): Promise<number | undefined> {
    if (!this.reserved.capabilities.randomWrites || length === undefined) return undefined;
    let partSize = await folder.partSize();
    // A first part below the minimum is the last one, and says nothing of the others.
    if (partSize === undefined && length >= MIN_PART_BYTES) partSize = await folder.fixPartSize(length);
    if (partSize === undefined || length > partSize || !(await folder.claimSlot(number))) return undefined;
    // Claim first, look second; a completion closes first and looks at the claims second: one of the two sees the other.
    if ((await folder.isClosed()) || !(await folder.hasSlotsOf(partSize))) {
      await folder.releaseSlot(number);
      return undefined;
    }
    return (number - 1) * partSize;
  }

  private async writeSlot(folder: UploadFolder, number: number, body: ObjectBody, offset: number): Promise<StoredPart> {
    let file: WritableFile | undefined;
    try {
      const data = (file = await this.reserved.openForWriting(folder.dataPath));
      let position = offset;
      const digests = await body.transfer({
        write: (piece) => {
          const at = position;
          position += piece.length;
          return data.writeAt(piece, at);
        },
      });
      await data.sync();
      return toStoredPart(number, digests);
    } catch (error) {
      // Closed first: that waits for the last write, which must not land in a slot that is another's.
      await file?.close();
      file = undefined;
      await folder.releaseSlot(number);
      await folder.forgetPartSize();
      throw error;
    } finally {
      await file?.close();
    }
  }

  private async writeFile(folder: UploadFolder, number: number, body: ObjectBody): Promise<StoredPart> {
    const temporary: TemporaryFile = await this.reserved.createTemporary(body.length);
    const name = folder.newFileName(number);
    try {
      const digests = await body.transfer(temporary);
      await temporary.finish(folder.filePath(name));
      await temporary.commit('create');
      return { ...toStoredPart(number, digests), file: name };
    } catch (error) {
      await temporary.discard();
      throw error;
    }
  }
}

function toStoredPart(number: number, digests: BodyDigests): StoredPart {
  return {
    number,
    size: digests.size,
    md5: digests.md5,
    ...(digests.checksum && { checksum: digests.checksum }),
    modified: Date.now(),
  };
}
