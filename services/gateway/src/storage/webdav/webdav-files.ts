import { setTimeout as delay } from 'node:timers/promises';
import type { HttpAnswer } from '../http/http-exchange.js';
import { AnswerReader } from '../http/answer-reader.js';
import { DIRECT_BYTES } from '../http/body-source.js';
import { SilentServer } from '../http/silent-server.js';
import { StorageHttp } from '../http/storage-http.js';
import { EntryList, MAX_FOLDER_ENTRIES } from '../remote/entry-list.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import type { RemoteFiles, RemoteFilesTraits, RemoteReader, RemoteWriter } from '../remote/remote-files.js';
import { StorageError } from '../storage-error.js';
import { ROOT, parentOf, type StoragePath } from '../storage-path.js';
import { CollectionCheck } from './collection-check.js';
import { FolderRemover } from './folder-remover.js';
import { MoveProbe } from './move-probe.js';
import { MultistatusParser, type MultistatusEntry } from './multistatus-parser.js';
import { checkEncoding, checkForeignLength, checkRange, hasChanged } from './read-check.js';
import { toRemoteEntry } from './to-remote-entry.js';
import { WebdavClient } from './webdav-client.js';
import { toWebdavFailure } from './webdav-failure.js';
import type { WebdavOptions } from './webdav-options.js';
import { WebdavUrls } from './webdav-urls.js';
import { WebdavWriter } from './webdav-writer.js';

const PROPFIND_BODY =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop>' +
  '<resourcetype/><getcontentlength/><getlastmodified/><getetag/></prop></propfind>';
/** Of the answer about a folder, and about one name: neither may go on without end. */
const MAX_LISTING_BYTES = 4 * 1024 ** 3;
const MAX_LOOK_BYTES = 1024 * 1024;
const MAX_LOOKS = 5;
const LOOK_PAUSE_MS = 50;
const SUCCESS: ReadonlySet<number> = new Set([200, 201, 204]);

type Found = { readonly self: RemoteEntry | undefined; readonly children: EntryList };

/** Files on any server that speaks WebDAV (RFC 4918, class 1). */
export class WebdavFiles implements RemoteFiles {
  readonly traits: RemoteFilesTraits;
  private readonly http: StorageHttp;
  private readonly client: WebdavClient;
  private readonly urls: WebdavUrls;
  private readonly moves: MoveProbe;
  private readonly remover: FolderRemover;
  private readonly collection: CollectionCheck;

  constructor(options: WebdavOptions) {
    const { traits, auth, url, ca, allowedRedirectHosts } = options;
    this.traits = traits;
    this.http = new StorageHttp({ limits: options, allowedRedirectHosts, ...(ca !== undefined && { ca }) });
    this.client = new WebdavClient(this.http, auth);
    this.urls = new WebdavUrls(url);
    this.moves = new MoveProbe({
      create: async (path) => (await this.put(path, 0)).end(),
      stat: (path) => this.stat(path),
      rename: (from, to) => this.rename('file', from, to),
      remove: (path) => this.removeFile(path),
    });
    const looks = {
      stat: (path: StoragePath) => this.stat(path),
      list: (folder: StoragePath) => this.childrenOf(folder),
    };
    this.collection = new CollectionCheck(looks, this.urls.host);
    this.remover = new FolderRemover({
      list: (folder) => this.childrenOf(folder),
      rename: (kind, from, to) => this.rename(kind, from, to),
      removeTree: (folder) => this.removeTree(folder),
    });
  }

  async stat(path: StoragePath): Promise<RemoteEntry | undefined> {
    return (await this.propfind(path, '0', path === ROOT))?.self;
  }

  confirmAbsence(): Promise<void> {
    return this.collection.confirm();
  }

  async list(folder: StoragePath): Promise<EntryList> {
    const children = await this.childrenOf(folder);
    void this.remover.sweep(folder, children);
    return children;
  }

  async read(path: StoragePath, entry: RemoteEntry, start: number, end: number): Promise<RemoteReader> {
    const whole = start === 0 && end === entry.size;
    const answer = await this.client.follow({
      method: 'GET',
      url: this.urls.file(path),
      headers: whole ? {} : { range: `bytes=${start}-${end - 1}` },
      idempotent: true,
      resumable: true,
      large: end - start >= DIRECT_BYTES,
    });
    if (answer.status < 300) checked(answer, () => checkEncoding(answer));
    if (answer.status === 416 || (answer.status < 300 && hasChanged(answer, entry))) {
      answer.drop();
      throw new StorageError('changed', 'The file is not the version any more that was opened.');
    }
    if (answer.status === 206 && !whole) {
      checked(answer, () => checkRange(answer, start, end));
      return new AnswerReader(answer, 0, end - start);
    }
    // A server that knows no ranges gives the whole file.
    if (answer.status === 200) {
      checked(answer, () => checkForeignLength(answer));
      return new AnswerReader(answer, start, end - start);
    }
    throw toWebdavFailure(answer, 'GET', this.urls.host);
  }

  async get(path: StoragePath, limit: number): Promise<Buffer | undefined> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.follow({ method: 'GET', url: this.urls.file(path), idempotent: true });
      if (answer.status !== 200) {
        const failure = toWebdavFailure(answer, 'GET', this.urls.host);
        if (failure.code === 'not-found') return undefined;
        throw failure;
      }
      checked(answer, () => {
        checkEncoding(answer);
        checkForeignLength(answer);
      });
      try {
        return await answer.bytes(limit);
      } catch (error) {
        // rclone breaks off where the file is replaced between the head and the first byte.
        if (attempt === MAX_LOOKS || error instanceof SilentServer) throw error;
      }
    }
  }

  async put(path: StoragePath, length: number | undefined): Promise<RemoteWriter> {
    const upload = await this.client.upload(
      {
        method: 'PUT',
        url: this.urls.file(path),
        headers: { 'content-type': 'application/octet-stream' },
        idempotent: true,
        length,
      },
      () => this.ping(),
    );
    return new WebdavWriter(upload, this.urls.host);
  }

  async move(from: StoragePath, to: StoragePath, mode: 'replace' | 'create'): Promise<RemoteEntry | undefined> {
    await this.moves.ready(parentOf(from));
    const answer = await this.transfer(this.urls.file(from), this.urls.file(to), mode);
    if (SUCCESS.has(answer.status)) {
      answer.drop();
      return this.moves.keepsTimes ? undefined : this.stat(to);
    }
    const failure = toWebdavFailure(answer, 'MOVE', this.urls.host);
    if (['exists', 'busy', 'no-space', 'name-too-long'].includes(failure.code)) throw failure;
    // Servers do not agree on the rest: a missing source is 404 or 403, a missing parent 409, 403 or 500.
    const source = await this.stat(from);
    if (source === undefined) throw new StorageError('not-found', 'The file is gone.', { cause: failure });
    const target = await this.stat(to);
    if (target?.kind === 'folder') throw new StorageError('is-folder', 'The name is a folder.', { cause: failure });
    const parent = await this.stat(parentOf(to));
    if (parent === undefined) throw new StorageError('not-found', 'There is no such folder.', { cause: failure });
    if (parent.kind === 'file') throw new StorageError('not-folder', 'A parent is a file.', { cause: failure });
    throw failure;
  }

  async removeFile(path: StoragePath): Promise<boolean> {
    const answer = await this.client.exchange({ method: 'DELETE', url: this.urls.file(path), idempotent: true });
    if (SUCCESS.has(answer.status)) {
      answer.drop();
      return true;
    }
    const failure = toWebdavFailure(answer, 'DELETE', this.urls.host);
    if (failure.code === 'not-found') return false;
    throw failure;
  }

  async makeFolder(path: StoragePath): Promise<boolean> {
    const answer = await this.client.exchange({ method: 'MKCOL', url: this.urls.folder(path), idempotent: true });
    if (SUCCESS.has(answer.status)) {
      answer.drop();
      return true;
    }
    const failure = toWebdavFailure(answer, 'MKCOL', this.urls.host);
    // Who loses against another MKCOL, or finds the folder there, gets 405, 409 or 403.
    const found = await this.stat(path);
    if (found?.kind === 'folder') return false;
    if (found?.kind === 'file') throw new StorageError('not-folder', 'The path is a file.', { cause: failure });
    throw failure;
  }

  /** @throws StorageError `not-empty` */
  removeFolder(path: StoragePath): Promise<void> {
    return this.remover.remove(path);
  }

  ping(): Promise<void> {
    return this.collection.confirm();
  }

  close(): void {
    this.http.close();
  }

  private transfer(from: string, to: string, mode: 'replace' | 'create'): Promise<HttpAnswer> {
    return this.client.exchange({
      method: 'MOVE',
      url: from,
      headers: { destination: to, overwrite: mode === 'create' ? 'F' : 'T' },
      idempotent: false,
    });
  }

  private async rename(kind: RemoteEntry['kind'], from: StoragePath, to: StoragePath): Promise<void> {
    const answer = await this.transfer(this.urls[kind](from), this.urls[kind](to), 'create');
    if (!SUCCESS.has(answer.status)) throw toWebdavFailure(answer, 'MOVE', this.urls.host);
    answer.drop();
  }

  private async removeTree(folder: StoragePath): Promise<void> {
    const answer = await this.client.exchange({ method: 'DELETE', url: this.urls.folder(folder), idempotent: true });
    if (!SUCCESS.has(answer.status)) throw toWebdavFailure(answer, 'DELETE', this.urls.host);
    answer.drop();
  }

  private async childrenOf(folder: StoragePath): Promise<EntryList> {
    const found = await this.propfind(folder, '1', true);
    // A file asked for with a slash is nothing to some servers, and itself to others.
    const self = found?.self ?? (folder === ROOT ? undefined : await this.stat(folder));
    if (self === undefined) throw new StorageError('not-found', 'There is no such folder.');
    if (self.kind === 'file') throw new StorageError('not-folder', 'The path is a file.');
    return found?.children ?? new EntryList();
  }

  /** Undefined where there is nothing. */
  private async propfind(
    path: StoragePath,
    depth: '0' | '1',
    slash: boolean,
    redirected = false,
  ): Promise<Found | undefined> {
    const url = slash ? this.urls.folder(path) : this.urls.file(path);
    const answer = await this.askProperties(url, depth);
    if (answer.status === 207) return this.parse(path, answer, depth === '0' ? MAX_LOOK_BYTES : MAX_LISTING_BYTES);
    const { location } = answer.headers;
    if (!slash && answer.status >= 300 && answer.status < 400 && isSlashed(url, location)) {
      answer.drop();
      return this.propfind(path, depth, true, true);
    }
    const failure = toWebdavFailure(answer, 'PROPFIND', this.urls.host);
    if (failure.code === 'not-found') return undefined;
    // Where it has redirected to the slash, it has said that there is a folder.
    if (answer.status === 400 && !redirected && (await this.isBelowFile(path, slash))) return undefined;
    throw failure;
  }

  /**
   * Whether a 400 means that there is nothing: Apache answers so for a name below a file, and for a file that is asked for with a slash. Of
   * any other name it says nothing.
   */
  private async isBelowFile(path: StoragePath, slash: boolean): Promise<boolean> {
    if (path === ROOT) return false;
    const above = await this.stat(slash ? path : parentOf(path));
    return above?.kind !== 'folder';
  }

  private entryOf(name: string, found: MultistatusEntry): RemoteEntry | undefined {
    const entry = toRemoteEntry(name, found);
    return entry && (this.moves.keepsTags ? entry : { ...entry, identity: '' });
  }

  private async askProperties(url: string, depth: '0' | '1'): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.client.exchange({
        method: 'PROPFIND',
        url,
        headers: { depth, 'content-type': 'application/xml; charset=utf-8' },
        body: PROPFIND_BODY,
        idempotent: true,
      });
      // rclone, where a name that it has just read is gone when it looks at it.
      if (answer.status !== 500 || attempt === MAX_LOOKS) return answer;
      answer.drop();
      await delay(LOOK_PAUSE_MS * attempt * Math.random());
    }
  }

  private async parse(path: StoragePath, answer: HttpAnswer, limit: number): Promise<Found> {
    let self: RemoteEntry | undefined;
    const children = new EntryList();
    let strange = false;
    // DELETE takes a folder with all that is in it: what cannot be an entry keeps the folder from being seen as empty.
    const noteOther = (): void => children.noteOther();
    const parser = new MultistatusParser((found) => {
      const name = this.urls.place(path, found.href);
      if (name === undefined) {
        strange = true;
        noteOther();
      } else if (name === '') self ??= this.entryOf(path.slice(path.lastIndexOf('/') + 1), found);
      else {
        const entry = this.entryOf(name, found);
        if (entry) children.add(entry);
        else noteOther();
        if (children.length > MAX_FOLDER_ENTRIES) {
          throw new StorageError('unavailable', `A folder holds more than ${MAX_FOLDER_ENTRIES} names.`);
        }
      }
    }, noteOther);
    try {
      let left = limit;
      for await (const piece of answer.body) {
        left -= piece.length;
        if (left < 0) throw new StorageError('unavailable', `The WebDAV server ${this.urls.host} answers without end.`);
        parser.write(piece);
      }
      parser.end();
    } finally {
      answer.drop();
    }
    if (self === undefined && children.length === 0 && strange) {
      throw new StorageError(
        'unavailable',
        `The WebDAV server ${this.urls.host} answers about other paths than it was asked about: set url to the collection's own.`,
      );
    }
    children.trim();
    return { self, children };
  }
}

/** Ends the exchange where a check of its answer throws. */
function checked(answer: HttpAnswer, check: () => void): void {
  try {
    check();
  } catch (error) {
    answer.drop();
    throw error;
  }
}

function isSlashed(url: string, location: string | string[] | undefined): boolean {
  return (
    typeof location === 'string' &&
    URL.canParse(location, url) &&
    new URL(location, url).pathname === `${new URL(url).pathname}/`
  );
}
