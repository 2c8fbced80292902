import { createHash, type Hash } from 'node:crypto';
import type { HttpUpload } from '../http/http-exchange.js';
import type { RemoteWriter } from '../remote/remote-files.js';
import { StorageError } from '../storage-error.js';
import type { OpenlistApi } from './openlist-api.js';
import type { OpenlistRefresher } from './openlist-refresher.js';

/** What is known of a file before its bytes come. */
interface NewFile {
  readonly length: number | undefined;
  /** Hashes that the drive is known to tell of its files: those of the new one must be those of the bytes sent. */
  readonly algorithms: Iterable<string>;
}

/** A file on its way to OpenList. */
export class OpenlistWriter implements RemoteWriter {
  private readonly upload: HttpUpload;
  private readonly hashes: ReadonlyMap<string, Hash>;
  private written = 0;

  constructor(
    private readonly api: OpenlistApi,
    private readonly refresher: OpenlistRefresher,
    private readonly path: string,
    { length, algorithms }: NewFile,
  ) {
    this.upload = api.beginUpload(path, length);
    this.hashes = new Map([...algorithms].map((algorithm) => [algorithm, createHash(algorithm)]));
  }

  async write(piece: Buffer): Promise<void> {
    this.written += piece.length;
    for (const hash of this.hashes.values()) hash.update(piece);
    if (await this.upload.write(piece)) return;
    // OpenList answers before it has all bytes only to refuse them; this throws what it said.
    await this.api.finishUpload(this.upload);
    throw new StorageError('unavailable', 'OpenList ended an upload before it had all of it.');
  }

  async end(): Promise<void> {
    await this.api.finishUpload(this.upload);
    const entry =
      (await this.refresher.lookAtDrive(this.path)) ?? (this.hashes.size > 0 && (await this.api.look(this.path)));
    if (!entry) return;
    if (entry.size !== this.written) {
      throw new StorageError('unavailable', `OpenList's drive stored ${entry.size} of the ${this.written} bytes sent.`);
    }
    for (const [algorithm, hash] of this.hashes) {
      const stored = entry.hashes.get(algorithm);
      if (stored !== undefined && stored !== hash.digest('hex')) {
        throw new StorageError(
          'unavailable',
          `OpenList's drive stored other bytes than were sent: their ${algorithm} differs.`,
        );
      }
    }
  }

  abort(): void {
    this.upload.abort();
  }
}
