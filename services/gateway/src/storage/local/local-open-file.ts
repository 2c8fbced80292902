import type { MaybePromise } from '../../maybe-promise.js';
import type { FileStat, OpenFile, RawConnection } from '../file-driver.js';
import { translate } from './errno.js';
import { readAt } from './file-calls.js';
import type { LocalStorage } from './local-storage.js';
import { sendFile } from './send-file.js';

/** One open descriptor: it keeps showing the version it was opened on. */
export class LocalOpenFile implements OpenFile {
  constructor(
    private readonly storage: LocalStorage,
    private readonly fd: number,
    readonly stat: FileStat,
    readonly record: Buffer | undefined,
  ) {}

  read(buffer: Buffer, position: number): MaybePromise<number> {
    return translate(() => readAt(this.storage.calls, this.fd, buffer, position));
  }

  send({ fd }: RawConnection, position: number, length: number): MaybePromise<number | undefined> {
    return sendFile(this.storage.calls, { from: this.fd, to: fd }, position, length);
  }

  close(): MaybePromise<void> {
    return this.storage.calls.close(this.fd);
  }
}
