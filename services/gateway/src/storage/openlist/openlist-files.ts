import { AnswerReader } from '../http/answer-reader.js';
import type { HttpAnswer } from '../http/http-exchange.js';
import { StorageHttp } from '../http/storage-http.js';
import { EntryList, MAX_FOLDER_ENTRIES } from '../remote/entry-list.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import type { RemoteFiles, RemoteFilesTraits, RemoteReader, RemoteWriter } from '../remote/remote-files.js';
import { askedTarget } from '../loop-question.js';
import { StorageError } from '../storage-error.js';
import type { StoragePath } from '../storage-path.js';
import { AbsenceCheck } from './openlist-absence.js';
import { OpenlistApi, readPage } from './openlist-api.js';
import { entryOfObject, type OpenlistEntry, type OpenlistObject } from './openlist-entry.js';
import { LoopProbe } from './openlist-loop.js';
import { OpenlistMoveTimes } from './openlist-move-times.js';
import { OpenlistMover } from './openlist-mover.js';
import type { OpenlistOptions } from './openlist-options.js';
import { folderOf, nameOf, OpenlistPaths } from './openlist-paths.js';
import { OpenlistProbe } from './openlist-probe.js';
import { checkReadAnswer, EMPTY_READER, isPage } from './check-read-answer.js';
import { OpenlistRefresher } from './openlist-refresher.js';
import { OpenlistServerFacts } from './openlist-server-facts.js';
import { OpenlistWriter } from './openlist-writer.js';

/** Hashes that can be computed here; drives have others of their own. */
const COMPUTABLE: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha256']);

/** Reads of a file that is replaced again and again, until it counts as unreadable. */
const MAX_ATTEMPTS = 10;

/** What a probe finds on its way to the name that it is about. */
const PROBED_FOLDER: RemoteEntry = { name: '', kind: 'folder', size: 0, mtimeMs: 0, identity: '' };

/** A folder of an OpenList server. */
export class OpenlistFiles implements RemoteFiles {
  readonly traits: RemoteFilesTraits;
  private readonly http: StorageHttp;
  private readonly paths: OpenlistPaths;
  private readonly api: OpenlistApi;
  private readonly facts: OpenlistServerFacts;
  private readonly absence: AbsenceCheck;
  private readonly refresher: OpenlistRefresher;
  private readonly mover: OpenlistMover;
  private readonly moveTimes: OpenlistMoveTimes;
  private readonly loopProbe: LoopProbe;
  private readonly prober: OpenlistProbe;
  /** Hashes that the drives behind this folder have told of files. */
  private readonly algorithms = new Set<string>();

  constructor(private readonly options: OpenlistOptions) {
    const { url, path, token, atomicRename } = options;
    this.traits = { atomicReplace: atomicRename, atomicCreate: false };
    this.http = new StorageHttp({ ...options, limits: options });
    this.paths = new OpenlistPaths(url, path, token);
    this.api = new OpenlistApi(this.http, this.paths, token);
    this.facts = new OpenlistServerFacts(this.api);
    this.absence = new AbsenceCheck(this.api, this.facts, path);
    this.refresher = new OpenlistRefresher(this.api, this.facts, options.refresh);
    this.mover = new OpenlistMover(this.api, atomicRename);
    this.moveTimes = new OpenlistMoveTimes(this.api, this.facts, this.refresher);
    this.loopProbe = new LoopProbe(token);
    this.prober = new OpenlistProbe(this.api, this.facts, this.loopProbe, path);
  }

  /**
   * Looks whether the storage can be used, and whether it leads back to this gateway.
   *
   * @throws StorageError `unavailable`, with a message that says what to change
   */
  probe(): Promise<void> {
    return this.prober.run();
  }

  ping(): Promise<void> {
    return this.probe();
  }

  async stat(path: StoragePath): Promise<RemoteEntry | undefined> {
    if (this.isProbed(path)) return this.loopProbe.isIn(path) ? undefined : PROBED_FOLDER;
    const absolute = await this.admit(path);
    if (path !== '') await this.refresher.freshen(folderOf(absolute));
    const entry = await this.api.look(absolute);
    if (entry !== undefined) return this.learn(entry);
    await this.absence.confirm(absolute);
    return undefined;
  }

  async restore(path: StoragePath, locked: (give: () => Promise<boolean>) => Promise<boolean>): Promise<boolean> {
    if (path === '' || this.isProbed(path)) return false;
    return this.mover.restore(await this.admit(path), locked);
  }

  async list(folder: StoragePath, again = false): Promise<EntryList> {
    if (this.isProbed(folder)) throw new StorageError('unsupported-name', 'OpenList leads back to itself.');
    const absolute = await this.admit(folder);
    const refresh = await this.refresher.isDue(absolute);
    try {
      const entries = new EntryList();
      const names = new Set<string>();
      const take = (object: OpenlistObject): void => {
        // Of two files of one name, which some drives allow, OpenList finds the first.
        if (!this.isReachable(absolute, object.name) || names.has(object.name)) return;
        names.add(object.name);
        entries.add(this.learn(entryOfObject(object)));
        if (entries.length > MAX_FOLDER_ENTRIES) {
          throw new StorageError('unavailable', `A folder holds more than ${MAX_FOLDER_ENTRIES} names.`);
        }
      };
      await this.api.eachIn(absolute, take, { refresh });
      entries.trim();
      if (!again && (await this.mover.restoreIn(absolute, entries))) return await this.list(folder, true);
      void this.mover.sweep(absolute, entries);
      return entries;
    } catch (error) {
      if (refresh) this.refresher.failed(absolute);
      if (error instanceof StorageError && error.code === 'not-found') await this.absence.confirm(absolute);
      throw error;
    }
  }

  async read(path: StoragePath, entry: RemoteEntry, start: number, end: number): Promise<RemoteReader> {
    // There is no range of nothing; OpenList answers one on an empty file with all of it.
    if (start >= end) return EMPTY_READER;
    const answer = await this.api.read(await this.admit(path), await this.facts.basePath(), { start, end });
    if (answer.status === 200 || answer.status === 206) {
      try {
        return new AnswerReader(answer, checkReadAnswer(answer, entry, start, end), end - start);
      } catch (error) {
        answer.drop();
        throw error;
      }
    }
    if (answer.status === 416) {
      answer.drop();
      throw new StorageError('changed', 'The file was changed in OpenList before it was read.');
    }
    if ((await this.explainRead(path, answer)) === 'there') {
      throw new StorageError('changed', 'The file was replaced in OpenList before it was read.');
    }
    throw new StorageError('not-found', 'The file is gone from OpenList.');
  }

  async get(path: StoragePath, limit: number): Promise<Buffer | undefined> {
    if (this.isProbed(path)) return undefined;
    const absolute = await this.admit(path);
    for (let attempt = 1; ; attempt++) {
      const answer = await this.api.read(absolute, await this.facts.basePath());
      if (answer.status === 200) {
        if (!isPage(answer, path)) return answer.bytes(limit);
        answer.drop();
        throw new StorageError('unavailable', 'OpenList answered a read with a web page.');
      }
      if ((await this.explainRead(path, answer)) === 'gone') return undefined;
      // It was being replaced by a storage that takes the old file away first.
      if (attempt === MAX_ATTEMPTS) throw new StorageError('unavailable', 'OpenList has a file that it cannot read.');
    }
  }

  async put(path: StoragePath, length: number | undefined): Promise<RemoteWriter> {
    const { algorithms } = this;
    return new OpenlistWriter(this.api, this.refresher, await this.admit(path), { length, algorithms });
  }

  async move(from: StoragePath, to: StoragePath, mode: 'replace' | 'create'): Promise<RemoteEntry | undefined> {
    const source = await this.admit(from);
    const target = await this.admit(to);
    return this.moveTimes.watch(source, target, () => this.mover.move(source, target, mode));
  }

  async removeFile(path: StoragePath): Promise<boolean> {
    // OpenList removes a folder with all that is in it as readily as a file, and calls a missing name a success.
    const entry = await this.stat(path);
    if (entry === undefined) return false;
    if (entry.kind === 'folder') throw new StorageError('is-folder', 'There is a folder of this name.');
    const absolute = await this.admit(path);
    await this.api.remove(folderOf(absolute), nameOf(absolute));
    return true;
  }

  async makeFolder(path: StoragePath): Promise<boolean> {
    const entry = await this.stat(path);
    if (entry?.kind === 'file') throw new StorageError('not-folder', 'There is a file of this name.');
    if (entry !== undefined) return false;
    try {
      await this.api.makeFolder(await this.admit(path));
    } catch (error) {
      if (error instanceof StorageError && error.code === 'exists') {
        throw new StorageError('not-folder', 'A file is in the way of a folder.', { cause: error });
      }
      throw error;
    }
    return true;
  }

  async removeFolder(path: StoragePath): Promise<void> {
    const absolute = await this.admit(path);
    if (path === '') throw new StorageError('denied', 'The folder of a storage is not removed.');
    await this.mover.removeEmptyFolder(absolute);
    // OpenList would go on telling of it on some drives, and the folder above never be found empty.
    await this.refresher.lookAtDrive(absolute).catch(() => undefined);
  }

  /** The URL of the drive itself, for a client to read from; undefined where OpenList sends the bytes, or has no such file. */
  async downloadUrl(path: StoragePath): Promise<string | undefined> {
    if (!this.options.redirectReads) return undefined;
    return this.api.whereToRead(await this.admit(path), await this.facts.basePath());
  }

  close(): void {
    this.http.close();
  }

  private async admit(path: StoragePath): Promise<string> {
    const absolute = this.paths.absolute(path);
    await this.prober.admit(absolute);
    return absolute;
  }

  /** Asked by OpenList on behalf of a probe of this storage: it must not be asked anything then. See {@link LoopProbe}. */
  private isProbed(path: StoragePath): boolean {
    const target = askedTarget();
    return this.loopProbe.isIn(path) || (target !== undefined && this.loopProbe.isIn(target));
  }

  /** Whether a name that a listing gives can be asked for; a drive may have others, which OpenList then does not find. */
  private isReachable(folder: string, name: string): boolean {
    if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) return false;
    const absolute = folder === '/' ? `/${name}` : `${folder}/${name}`;
    return !this.prober.isLoop(absolute);
  }

  private learn(entry: OpenlistEntry): OpenlistEntry {
    for (const algorithm of entry.hashes.keys()) if (COMPUTABLE.has(algorithm)) this.algorithms.add(algorithm);
    return entry;
  }

  /** Whether there is such a file, where OpenList answers without bytes that there is none. @throws StorageError `unavailable` for all else */
  private async explainRead(path: StoragePath, answer: HttpAnswer): Promise<'gone' | 'there'> {
    const page = await readPage(answer);
    // There is no status of OpenList for a file that is gone; a drive that it redirects to has one.
    if (answer.status === 404 || /(object|storage) not found|not a file|no such file/.test(page)) {
      return (await this.stat(path))?.kind === 'file' ? 'there' : 'gone';
    }
    const hint = answer.status === 401 ? ' (was its token reset?)' : '';
    throw new StorageError('unavailable', `OpenList answered a read with status ${answer.status}${hint}.`);
  }
}
