import { randomUUID } from 'node:crypto';
import type { FileDriver } from '../../../storage/file-driver.js';
import { StorageError } from '../../../storage/storage-error.js';
import { joinPath, type StoragePath } from '../../../storage/storage-path.js';
import type { Checksum } from '../../checksum.js';
import type { MaybePromise } from '../../../maybe-promise.js';
import type { NewUpload, UploadInfo } from '../../multipart-store.js';
import { readSmallFile, writeSmallFile } from '../small-files.js';
import { readSmallJson } from '../small-json.js';
import { removeSmallFile, replaceSmallFile } from '../spare-file.js';

/** A part as it lies in the storage. */
export interface StoredPart {
  readonly number: number;
  readonly size: number;
  /** Hex. */
  readonly md5: string;
  readonly checksum?: Checksum;
  /** Milliseconds since the epoch. */
  readonly modified: number;
  /** Name of the file that holds it; undefined where it lies in its slot of the data file. */
  readonly file?: string;
}

type StoredUpload = Omit<UploadInfo, 'uploadId' | 'initiated'> & { readonly initiated: number };

const DIGITS = 5;

/** Behind the size of slots: it may be forgotten in a moment. */
const IN_DOUBT = '?';

/**
 * The folder of one upload, below the storage's reserved folder:
 *
 * - `upload.json`: what CreateMultipartUpload fixed; without it there is no upload
 * - `layout`: the part size for which `data` has slots, once a part has fixed it
 * - `data`: parts at their final offsets
 * - `slots/NNNNN`: who makes it may write that slot, once and for all
 * - `parts/NNNNN`: the record of a part that is whole
 * - `files/…`: parts that did not get or fit a slot
 * - `closed`: a completion is under way, and no slot is given out any more
 */
export class UploadFolder {
  /**
   * @param reserved the storage's reserved folder
   * @param path of the upload in it
   */
  constructor(
    private readonly reserved: FileDriver,
    readonly path: StoragePath,
    readonly uploadId: string,
  ) {}

  get dataPath(): StoragePath {
    return this.at('data');
  }

  filePath(name: string): StoragePath {
    return this.at('files', name);
  }

  newFileName(number: number): string {
    return `${pad(number)}-${randomUUID()}`;
  }

  async create(upload: NewUpload, initiated: Date): Promise<UploadInfo> {
    const stored: StoredUpload = { ...upload, initiated: initiated.getTime() };
    await writeSmallFile(this.reserved, this.at('upload.json'), Buffer.from(JSON.stringify(stored)));
    return { ...upload, uploadId: this.uploadId, initiated };
  }

  /** What the upload is, or undefined where there is none. */
  async read(): Promise<UploadInfo | undefined> {
    const upload = await readSmallJson<StoredUpload>(this.reserved, this.at('upload.json'));
    if (upload === undefined) return undefined;
    return { ...upload, uploadId: this.uploadId, initiated: new Date(upload.initiated) };
  }

  async exists(): Promise<boolean> {
    return (await this.reserved.stat(this.at('upload.json'))) !== undefined;
  }

  /** The size of slots, or undefined while no part has fixed it. */
  async partSize(): Promise<number | undefined> {
    const layout = await this.layout();
    return layout === undefined ? undefined : Number(layout.replace(IN_DOUBT, ''));
  }

  /** Fixes the size of slots, unless another part has done so first. */
  fixPartSize(size: number): MaybePromise<number> {
    // Under a lock: not every storage can create atomically.
    return this.reserved.lock(this.at('layout'), async () => {
      const fixed = await this.partSize();
      if (fixed !== undefined) return fixed;
      await this.writeLayout(String(size));
      return size;
    });
  }

  /** Whether a slot that was claimed for a size still is of that size. */
  async hasSlotsOf(size: number): Promise<boolean> {
    return (await this.layout()) === String(size);
  }

  /** Leaves the size of slots to the next part, where none has a slot: a part that failed says nothing of the others. */
  async forgetPartSize(): Promise<void> {
    await this.reserved.lock(this.at('layout'), async () => {
      const size = await this.partSize();
      if (size === undefined) return;
      // Doubt first, look at the claims second; a part claims first and looks for doubts second: one of the two sees the other.
      // A doubt that a crash leaves behind keeps the size, for the parts that may have slots, and gives out no more of them.
      await this.writeLayout(String(size) + IN_DOUBT);
      if ((await this.claimedSlots()).length > 0) return await this.writeLayout(String(size));
      for (const name of ['data', 'layout']) await this.reserved.removeFile(this.at(name));
    });
  }

  claimSlot(number: number): Promise<boolean> {
    return Promise.resolve(this.reserved.claim(this.at('slots', pad(number))));
  }

  async releaseSlot(number: number): Promise<void> {
    await this.reserved.removeFile(this.at('slots', pad(number)));
  }

  async claimedSlots(): Promise<number[]> {
    return (await this.namesIn('slots')).map(Number);
  }

  async close(): Promise<void> {
    await this.reserved.claim(this.at('closed'));
  }

  async reopen(): Promise<void> {
    await this.reserved.removeFile(this.at('closed'));
  }

  /** Bytes of the data file, or undefined where there is none. */
  async dataSize(): Promise<number | undefined> {
    return (await this.reserved.stat(this.dataPath))?.size;
  }

  async isClosed(): Promise<boolean> {
    return (await this.reserved.stat(this.at('closed'))) !== undefined;
  }

  readPart(number: number): Promise<StoredPart | undefined> {
    return readSmallJson(this.reserved, this.at('parts', pad(number)));
  }

  /** @param again there is a record of the number, which stays should this fail, or is replaced */
  async writePart(part: StoredPart, again: boolean): Promise<void> {
    const path = this.at('parts', pad(part.number));
    const content = Buffer.from(JSON.stringify(part));
    if (!again) return writeSmallFile(this.reserved, path, content);
    await this.reserved.lock(path, () => replaceSmallFile(this.reserved, path, content));
  }

  /** Numbers of the parts that are whole, ascending. */
  async partNumbers(): Promise<number[]> {
    return (await this.namesIn('parts')).map(Number);
  }

  async removeFile(name: string): Promise<void> {
    await this.reserved.removeFile(this.filePath(name));
  }

  /** Removes the upload; what is first to go is what makes it one. */
  async remove(): Promise<void> {
    await this.reserved.removeFile(this.at('upload.json'));
    // Of those that only a failed replacement has left, nothing tells but their files.
    const ofFiles = (await this.namesIn('files')).map((name) => name.slice(0, DIGITS));
    for (const name of new Set([...(await this.namesIn('parts')), ...ofFiles])) {
      await removeSmallFile(this.reserved, this.at('parts', name));
    }
    await this.reserved.removeFolder(this.at('parts'));
    for (const folder of ['slots', 'files']) {
      for (const name of await this.namesIn(folder)) await this.reserved.removeFile(this.at(folder, name));
      await this.reserved.removeFolder(this.at(folder));
    }
    for (const name of ['data', 'layout', 'closed']) await this.reserved.removeFile(this.at(name));
    await this.reserved.removeFolder(this.path);
  }

  private async layout(): Promise<string | undefined> {
    return (await readSmallFile(this.reserved, this.at('layout')))?.toString('latin1');
  }

  private writeLayout(text: string): Promise<void> {
    return writeSmallFile(this.reserved, this.at('layout'), Buffer.from(text));
  }

  private at(...segments: string[]): StoragePath {
    return joinPath(this.path, ...segments);
  }

  private async namesIn(folder: string): Promise<readonly string[]> {
    try {
      return [...(await this.reserved.list(this.at(folder)))];
    } catch (error) {
      if (error instanceof StorageError && error.code === 'not-found') return [];
      throw error;
    }
  }
}

function pad(number: number): string {
  return String(number).padStart(DIGITS, '0');
}
