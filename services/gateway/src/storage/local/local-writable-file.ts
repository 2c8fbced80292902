import type { MaybePromise } from '../../maybe-promise.js';
import type { WritableFile } from '../file-driver.js';
import { translate } from './errno.js';
import { writeAt } from './file-calls.js';
import type { LocalStorage } from './local-storage.js';

/** A file of the gateway's own, open for writing at offsets. */
export class LocalWritableFile implements WritableFile {
  private pending: Promise<void> | undefined;

  constructor(
    private readonly storage: LocalStorage,
    private readonly fd: number,
  ) {}

  writeAt(piece: Buffer, position: number): MaybePromise<void> {
    const written = translate(() => writeAt(this.storage.calls, this.fd, piece, position));
    if (written instanceof Promise) this.pending = written;
    return written;
  }

  truncate(size: number): MaybePromise<void> {
    return translate(() => this.storage.calls.ftruncate(this.fd, size));
  }

  sync(): MaybePromise<void> {
    if (this.storage.durability === 'none') return undefined;
    return translate(() => this.storage.calls.fsync(this.fd));
  }

  async close(): Promise<void> {
    // A body that breaks off leaves its last write under way: closed under it, the number would be another file's.
    await this.pending?.catch(() => undefined);
    await this.storage.calls.close(this.fd);
  }
}
