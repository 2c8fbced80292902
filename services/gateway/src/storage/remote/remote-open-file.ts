import type { FileStat, OpenFile, RawConnection } from '../file-driver.js';
import { SilentServer } from '../http/silent-server.js';
import { StorageError } from '../storage-error.js';
import type { StoragePath } from '../storage-path.js';
import type { RemoteEntry } from './remote-entry.js';
import type { RemoteFiles, RemoteReader } from './remote-files.js';

/** Connections that break in a row, without a byte between, before a read fails. */
const MAX_BREAKS = 3;

/**
 * Bytes of one request, where a name may be given to another file while they come: rclone opens a file anew after 128 MiB, and goes on
 * with the bytes of the other.
 */
const MAX_REQUEST_BYTES = 64 * 1024 * 1024;

/**
 * A file on a server. Its facts are those of one version, and every request for bytes checks that it is that version still;
 * where it is not, reading fails with `changed`. What is read in order comes out of one request, or of few.
 */
export class RemoteOpenFile implements OpenFile {
  readonly record = undefined;
  private reader: RemoteReader | undefined;
  /** Where the reader stands, and where it ends. */
  private position = 0;
  private end = 0;
  private prepared: { readonly start: number; readonly end: number } | undefined;

  constructor(
    private readonly files: RemoteFiles,
    private readonly path: StoragePath,
    private readonly entry: RemoteEntry,
    readonly stat: FileStat,
    private readonly isUntouched: () => boolean,
  ) {}

  async prepare(start: number, end: number): Promise<void> {
    this.prepared = { start, end };
    if (end > start) await this.openAt(start);
  }

  async read(buffer: Buffer, position: number): Promise<number> {
    if (position >= this.entry.size || buffer.length === 0) return 0;
    let silent = false;
    for (let breaks = 0; ; breaks++) {
      try {
        const reader = await this.openAt(position);
        const count = await reader.read(buffer.subarray(0, Math.min(buffer.length, this.end - position)));
        this.position += count;
        return count;
      } catch (error) {
        this.close();
        const broken = error instanceof StorageError && error.code === 'unavailable';
        if (!broken || breaks === MAX_BREAKS || silent) throw error;
        silent = error instanceof SilentServer;
      }
    }
  }

  send(connection: RawConnection, position: number, length: number): number | undefined {
    const { reader } = this;
    if (reader === undefined || this.position !== position || position >= this.end) return 0;
    const sent = reader.send?.(connection, Math.min(length, this.end - position));
    this.position += sent ?? 0;
    return sent;
  }

  close(): void {
    this.reader?.close();
    this.reader = undefined;
  }

  private async openAt(position: number): Promise<RemoteReader> {
    if (this.reader !== undefined && this.position === position && position < this.end) return this.reader;
    this.close();
    const { prepared } = this;
    const within = prepared !== undefined && prepared.start <= position && position < prepared.end;
    this.position = position;
    const end = within ? prepared.end : this.entry.size;
    this.end = this.files.traits.atomicReplace ? end : Math.min(end, position + MAX_REQUEST_BYTES);
    try {
      this.reader = await this.files.read(this.path, this.entry, position, this.end);
      if (!this.isUntouched()) await this.checkVersion();
    } catch (error) {
      // It was there when it was opened. A server that replaces in two steps says either in between.
      const gone = error instanceof StorageError && (error.code === 'not-found' || error.code === 'denied');
      throw gone ? new StorageError('changed', 'The file has gone since it was opened.', { cause: error }) : error;
    }
    return this.reader;
  }

  /**
   * Servers look at a file before they open it (Apache, rclone): replaced in between, the answer has the head of one version and the bytes
   * of another. Where the name stands for the version that was opened before and after, so do the bytes.
   */
  private async checkVersion(): Promise<void> {
    const now = await this.files.stat(this.path);
    const { size, mtimeMs, identity } = this.entry;
    if (now?.size === size && now.mtimeMs === mtimeMs && now.identity === identity) return;
    this.close();
    throw new StorageError('changed', 'The file has been replaced since it was opened.');
  }
}
