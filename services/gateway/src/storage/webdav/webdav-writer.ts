import type { HttpUpload } from '../http/http-exchange.js';
import type { RemoteWriter } from '../remote/remote-files.js';
import { toWebdavFailure } from './webdav-failure.js';

/** A PUT under way. */
export class WebdavWriter implements RemoteWriter {
  constructor(
    private readonly upload: HttpUpload,
    private readonly host: string,
  ) {}

  async write(piece: Buffer): Promise<void> {
    if (!(await this.upload.write(piece))) await this.end();
  }

  async end(): Promise<void> {
    const answer = await this.upload.end();
    if (![200, 201, 204].includes(answer.status)) throw toWebdavFailure(answer, 'PUT', this.host);
    answer.drop();
  }

  abort(): void {
    this.upload.abort();
  }
}
