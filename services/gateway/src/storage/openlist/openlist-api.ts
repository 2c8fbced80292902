import type { ByteRange } from '../../objects/byte-range.js';
import { DIRECT_BYTES } from '../http/body-source.js';
import type { HttpAnswer, HttpUpload } from '../http/http-exchange.js';
import type { StorageHttp } from '../http/storage-http.js';
import { StorageError } from '../storage-error.js';
import { entryOfMultistatus, type OpenlistEntry, type OpenlistObject } from './openlist-entry.js';
import { OpenlistError, type OpenlistOperation } from './openlist-error.js';
import { ListingParser } from './listing-parser.js';
import { nameOf, type OpenlistPaths } from './openlist-paths.js';

/** Longest answer that is taken, in bytes, but for a listing. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** About 350 bytes an entry, none of which are kept. */
const MAX_LISTING_BYTES = 1024 * 1024 * 1024;
const MAX_SMALL_ANSWER_BYTES = 1024 * 1024;
/** An error page is looked at no further. */
const MAX_PAGE_BYTES = 64 * 1024;

const PROPFIND_BODY =
  '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:" xmlns:o="http://owncloud.org/ns"><prop>' +
  '<resourcetype/><getcontentlength/><getlastmodified/><o:checksums/></prop></propfind>';

/** What every answer of the REST interface is wrapped in, whatever its HTTP status. */
interface Envelope {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
}

/** A storage of OpenList's own, from the administrator's list. */
export interface OpenlistStorage {
  readonly mount_path: string;
  readonly driver: string;
  /** `work`, or what is wrong. */
  readonly status: string;
  readonly disabled: boolean;
}

/** OpenList's interfaces, as far as they are used: absolute paths in, facts or {@link OpenlistError}s out. */
export class OpenlistApi {
  private readonly headers: Readonly<Record<string, string>>;

  constructor(
    private readonly http: StorageHttp,
    private readonly paths: OpenlistPaths,
    private readonly token: string,
  ) {
    // The token as it is: the REST interface refuses "Bearer", which is what the WebDAV interface wants.
    this.headers = { authorization: token };
  }

  /** Facts of one name by WebDAV: they cost no listing of its folder. Undefined for any answer that is not facts. */
  async look(path: string): Promise<OpenlistEntry | undefined> {
    const answer = await this.http.exchange({
      method: 'PROPFIND',
      url: this.paths.webdav(path),
      headers: { authorization: `Bearer ${this.token}`, depth: '0', 'content-type': 'application/xml' },
      body: PROPFIND_BODY,
      idempotent: true,
    });
    if (answer.status === 207) return entryOfMultistatus(nameOf(path), await answer.text(MAX_SMALL_ANSWER_BYTES));
    answer.drop();
    if (answer.status === 401) throw refusedToken();
    return undefined;
  }

  /** What OpenList says of a name that is not there; undefined where it is there. @throws StorageError where OpenList does not answer */
  async explainAbsence(path: string): Promise<OpenlistError | undefined> {
    try {
      await this.post('fs/get', { path, password: '' }, 'look at a file');
      return undefined;
    } catch (error) {
      if (error instanceof OpenlistError) return error;
      throw error;
    }
  }

  /** @param entries how many are wanted; OpenList reads the whole folder all the same */
  async list(path: string, refresh: boolean, entries?: number): Promise<readonly OpenlistObject[]> {
    const objects: OpenlistObject[] = [];
    await this.eachIn(path, (object) => objects.push(object), { refresh, ...(entries !== undefined && { entries }) });
    return objects;
  }

  /** As {@link list}, for folders of any size: tells of each as it arrives, and may fail after that. */
  async eachIn(
    path: string,
    onObject: (object: OpenlistObject) => void,
    { refresh, entries = 0 }: { readonly refresh: boolean; readonly entries?: number },
  ): Promise<void> {
    const answer = await this.ask('fs/list', { path, password: '', page: 1, per_page: entries, refresh });
    const parser = new ListingParser(onObject);
    let bytes = 0;
    checkType(answer);
    try {
      for await (const piece of answer.body) {
        bytes += piece.length;
        if (bytes > MAX_LISTING_BYTES)
          throw new StorageError('unavailable', 'A folder of OpenList holds too many names.');
        parser.write(piece);
      }
    } finally {
      answer.drop();
    }
    dataOf(parser.end(), 'list a folder');
  }

  async makeFolder(path: string): Promise<void> {
    await this.post('fs/mkdir', { path }, 'make a folder');
  }

  async rename(path: string, name: string, overwrite: boolean): Promise<void> {
    await this.post('fs/rename', { path, name, overwrite }, 'rename a file', false);
  }

  /** Moves a name to another folder. @returns ids of tasks that go on with it, where the folders are of two storages */
  async move(name: string, from: string, to: string, overwrite: boolean): Promise<readonly string[]> {
    const body = { src_dir: from, dst_dir: to, names: [checkedName(name)], overwrite, skip_existing: false };
    const data = (await this.post('fs/move', body, 'move a file', false)) as {
      readonly tasks?: readonly { readonly id: string }[];
    } | null;
    return (data?.tasks ?? []).map(({ id }) => id);
  }

  /** State and error of a task of {@link move}. */
  async moveTask(id: string): Promise<{ readonly state: number; readonly error: string }> {
    const route = `task/move/info?tid=${encodeURIComponent(id)}`;
    return (await this.post(route, {}, 'follow a move')) as { readonly state: number; readonly error: string };
  }

  /** Removes a file, or a folder with all that is in it. No error where there is none. */
  async remove(folder: string, name: string): Promise<void> {
    await this.post('fs/remove', { dir: folder, names: [checkedName(name)] }, 'remove a file');
  }

  /** What the token's account is confined to; `/` for all. */
  async basePath(): Promise<string> {
    const me = (await this.get('me', 'say who the token belongs to')) as { readonly base_path?: string };
    return me.base_path === undefined || me.base_path === '' ? '/' : me.base_path;
  }

  async storages(): Promise<readonly OpenlistStorage[]> {
    const data = (await this.get('admin/storage/list', 'list its storages')) as {
      readonly content: readonly OpenlistStorage[] | null;
    };
    return data.content ?? [];
  }

  /** Begins an upload; {@link finishUpload} takes its answer. */
  beginUpload(path: string, length: number | undefined): HttpUpload {
    return this.http.upload({
      method: 'PUT',
      url: this.paths.api('fs/put'),
      headers: {
        ...this.headers,
        'file-path': encodeURIComponent(path),
        'content-type': 'application/octet-stream',
        // Milliseconds: a date in HTTP's own format is silently ignored.
        'last-modified': String(Date.now()),
      },
      length,
      idempotent: true,
    });
  }

  async finishUpload(upload: HttpUpload): Promise<void> {
    await unwrap(await upload.end(), 'take an upload', MAX_SMALL_ANSWER_BYTES);
  }

  /** Asks for all of a file, or a range of it; redirects are followed. */
  read(path: string, basePath: string, range?: ByteRange): Promise<HttpAnswer> {
    return this.http.follow({
      method: 'GET',
      url: this.paths.download(path, basePath),
      ...(range && { headers: { range: `bytes=${range.start}-${range.end - 1}` } }),
      idempotent: true,
      resumable: range !== undefined,
      large: range !== undefined && range.end - range.start >= DIRECT_BYTES,
    });
  }

  /** Where OpenList sends who reads this file, or undefined where it sends the bytes itself. */
  async whereToRead(path: string, basePath: string): Promise<string | undefined> {
    const url = this.paths.download(path, basePath);
    const answer = await this.http.exchange({ method: 'GET', url, headers: { range: 'bytes=0-0' }, idempotent: true });
    answer.drop();
    const { location } = answer.headers;
    return answer.status >= 300 && answer.status < 400 && typeof location === 'string' ? location : undefined;
  }

  private async post(route: string, body: object, operation: OpenlistOperation, idempotent = true): Promise<unknown> {
    return unwrap(await this.ask(route, body, idempotent), operation, MAX_ANSWER_BYTES);
  }

  private ask(route: string, body: object, idempotent = true): Promise<HttpAnswer> {
    return this.http.exchange({
      method: 'POST',
      url: this.paths.api(route),
      headers: { ...this.headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      idempotent,
    });
  }

  private async get(route: string, operation: OpenlistOperation): Promise<unknown> {
    const url = this.paths.api(route);
    return unwrap(
      await this.http.exchange({ method: 'GET', url, headers: this.headers, idempotent: true }),
      operation,
      MAX_ANSWER_BYTES,
    );
  }
}

/** An error page of OpenList as text, for its message. */
export async function readPage(answer: HttpAnswer): Promise<string> {
  if (!(answer.headers['content-type'] ?? '').toString().includes('text/html')) {
    answer.drop();
    return '';
  }
  const page = await answer.text(MAX_PAGE_BYTES);
  return page.replaceAll(/<[^>]*>/g, ' ');
}

/**
 * Takes the data out of an answer. The HTTP status says nothing: failures have 200, and so has the web page, which is what
 * OpenList answers on every route that it does not know.
 */
async function unwrap(answer: HttpAnswer, operation: OpenlistOperation, limit: number): Promise<unknown> {
  checkType(answer);
  return dataOf(await answer.text(limit), operation);
}

function checkType(answer: HttpAnswer): void {
  const type = String(answer.headers['content-type'] ?? '');
  if (!/^application\/json\b/i.test(type)) {
    answer.drop();
    throw new StorageError(
      'unavailable',
      `The server did not answer as OpenList does (status ${answer.status}, ${type || 'no content type'}): check the URL, and whether OpenList is served below a path.`,
    );
  }
}

function dataOf(text: string, operation: OpenlistOperation): unknown {
  const envelope = parseEnvelope(text);
  if (envelope.code === 401) throw refusedToken(envelope.message);
  if (envelope.code !== 200) throw new OpenlistError(envelope.code, envelope.message, operation);
  return envelope.data;
}

function parseEnvelope(text: string): Envelope {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new StorageError('unavailable', 'OpenList answered with broken JSON.', { cause: error });
  }
  if (typeof parsed !== 'object' || parsed === null || !('code' in parsed) || typeof parsed.code !== 'number') {
    throw new StorageError('unavailable', 'OpenList answered without its envelope.');
  }
  const { code, message, data } = parsed as { code: number; message?: unknown; data?: unknown };
  return { code, message: typeof message === 'string' ? message : '', data };
}

function refusedToken(text = ''): StorageError {
  return new StorageError(
    'unavailable',
    `OpenList refuses the token${text && ` (${text})`}: use the static token of its Settings, Other, and read it again after it was reset.`,
  );
}

/** @throws Error for an empty name, which OpenList takes for the folder itself, and removes that with all that is in it */
function checkedName(name: string): string {
  if (name === '' || name.includes('/')) throw new Error('A name must not be empty or hold a slash.');
  return name;
}
