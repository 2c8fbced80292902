import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WEBDAV_USER, type WebdavServer } from './webdav-server.js';

/** How a stand-in differs from a server that does everything well. */
export interface StandInQuirks {
  /** A MOVE over a file removes that first. */
  readonly movesInTwoSteps?: boolean;
  /** The status that a MOVE onto a path on disk fails with, once it has removed what it removes. */
  readonly failsMove?: (target: string) => number | undefined;
  /** Tells of a file what it saw before it opened it. */
  readonly looksBeforeItOpens?: boolean;
  /** What an upload has left when it breaks off stays under its name. */
  readonly keepsBrokenUploads?: boolean;
  /** No entity tags in listings, and times in whole seconds: versions look alike. */
  readonly noEntityTags?: boolean;
  /** Times come in steps of so many milliseconds, as those of FAT in 2000; with 0 there are none. */
  readonly timeStepMs?: number;
  /** How far its clock is ahead. */
  readonly clockAheadMs?: number;
  /** Names are the same where this makes them the same. */
  readonly foldsNames?: (name: string) => string;
  /** Gives a file another entity tag when it is moved. */
  readonly retagsOnMove?: boolean;
  /** `Range` is ignored. */
  readonly noRanges?: boolean;
  /** Further responses in each multistatus. */
  readonly strayResponses?: string;
}

const PREFIX = '/remote/dav';

/** A small WebDAV server over a folder, so that the driver is tested where no other is installed. */
export async function startStandIn(quirks: StandInQuirks = {}): Promise<WebdavServer> {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stand-in-'));
  const handler = new StandIn(root, quirks);
  const server = http.createServer((request, response) => {
    handler.handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(statusOf(error)).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${PREFIX}/`,
    root,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      fs.rmSync(root, { recursive: true, force: true });
    },
  };
}

class StandIn {
  private readonly salt = new Map<string, string>();

  constructor(
    private readonly root: string,
    private readonly quirks: StandInQuirks,
  ) {}

  async handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const { username, password } = WEBDAV_USER;
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
    const status = (code: number): void => void response.writeHead(code, { 'content-length': 0 }).end();
    if (request.headers.authorization !== expected) return status(401);
    const file = this.fileOf(request.url ?? '');
    if (request.method === 'PUT') return status(await this.put(request, file));
    request.resume();
    if (request.method === 'PROPFIND') return this.propfind(request, response, file);
    if (request.method === 'GET') return this.get(request, response, file);
    if (request.method === 'MKCOL') return status(makeFolder(file));
    if (request.method === 'DELETE') return status(remove(file));
    if (request.method === 'MOVE') return status(await this.move(request, file));
    status(405);
  }

  private fileOf(target: string): string {
    const decoded = decodeURIComponent(target);
    if (!decoded.startsWith(PREFIX) || decoded.split('/').includes('..'))
      throw Object.assign(new Error(), { code: 'ENOENT' });
    const exact = path.join(this.root, decoded.slice(PREFIX.length));
    return this.quirks.foldsNames ? this.folded(exact, this.quirks.foldsNames) : exact;
  }

  /** The path with the names that the disk has, of those that are the same. */
  private folded(exact: string, fold: (name: string) => string): string {
    let found = this.root;
    for (const name of path.relative(this.root, exact).split('/').filter(Boolean)) {
      const names = fs.existsSync(found) && fs.statSync(found).isDirectory() ? fs.readdirSync(found) : [];
      const same = names.includes(name) ? name : names.find((one) => fold(one) === fold(name));
      found = path.join(found, same ?? name);
    }
    return exact.endsWith('/') ? `${found}/` : found;
  }

  private async put(request: http.IncomingMessage, file: string): Promise<number> {
    const part = this.quirks.keepsBrokenUploads ? file : `${file}.part-${randomUUID()}`;
    if (fs.statSync(file, { throwIfNoEntry: false })?.isDirectory()) return 409;
    try {
      // Opened at once: the file must not come to be after the DELETE that follows on an upload that broke off.
      await pipeline(request, fs.createWriteStream(part, { fd: fs.openSync(part, 'w') }));
    } catch (error) {
      if (part !== file) fs.rmSync(part, { force: true });
      throw error;
    }
    fs.renameSync(part, file);
    return 201;
  }

  private async move(request: http.IncomingMessage, file: string): Promise<number> {
    const target = this.fileOf(new URL(String(request.headers.destination)).pathname);
    if (!fs.existsSync(file)) return 404;
    const there = fs.statSync(target, { throwIfNoEntry: false });
    if (there && request.headers.overwrite === 'F') return 412;
    // As Apache and rclone do: a folder that is in the way goes, with all that is in it.
    if (there && (this.quirks.movesInTwoSteps || there.isDirectory())) fs.rmSync(target, { recursive: true });
    if (there && this.quirks.movesInTwoSteps) await new Promise((resolve) => setTimeout(resolve, 2));
    const failure = this.quirks.failsMove?.(target);
    if (failure !== undefined) return failure;
    fs.renameSync(file, target);
    if (this.quirks.retagsOnMove) this.salt.set(target.replace(/\/$/, ''), randomUUID());
    return there ? 204 : 201;
  }

  private async get(request: http.IncomingMessage, response: http.ServerResponse, file: string): Promise<void> {
    const seen = this.quirks.looksBeforeItOpens ? fs.statSync(file) : undefined;
    // Longer than a name is nobody's in a MOVE of two steps: what is opened then is often the new file.
    if (seen) await new Promise((resolve) => setTimeout(resolve, 4));
    const fd = fs.openSync(file, 'r');
    const stat = seen ?? fs.fstatSync(fd);
    if (stat.isDirectory()) {
      fs.closeSync(fd);
      response.writeHead(405).end();
      return;
    }
    const range = this.quirks.noRanges ? undefined : /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const start = Number(range?.[1] ?? 0);
    const end = Math.min(Number(range?.[2] ?? stat.size - 1), stat.size - 1);
    response.writeHead(range ? 206 : 200, {
      'content-length': Math.max(0, end - start + 1),
      ...(range && { 'content-range': `bytes ${start}-${end}/${stat.size}` }),
      ...(this.timeOf(stat) && { 'last-modified': this.timeOf(stat) }),
      ...(!this.quirks.noEntityTags && { etag: this.tagOf(file, stat) }),
    });
    if (stat.size === 0) {
      fs.closeSync(fd);
      response.end();
      return;
    }
    // A file that is shorter by now than was said breaks the connection off.
    const bytes = fs.createReadStream('', { fd, start, end });
    pipeline(bytes, response, { end: false }).then(
      () => (bytes.bytesRead === end - start + 1 ? response.end() : response.destroy()),
      () => response.destroy(),
    );
  }

  private propfind(request: http.IncomingMessage, response: http.ServerResponse, file: string): void {
    const stat = fs.statSync(file);
    const slashed = `${decodeURIComponent(request.url ?? '').replace(/\/$/, '')}/`;
    const responses = [this.describe(stat.isDirectory() ? slashed : slashed.slice(0, -1), file, stat)];
    if (request.headers.depth === '1' && stat.isDirectory()) {
      for (const name of fs.readdirSync(file)) {
        const child = path.join(file, name);
        const found = fs.statSync(child, { throwIfNoEntry: false });
        if (found && !name.includes('.part-'))
          responses.push(this.describe(`${slashed}${name}${found.isDirectory() ? '/' : ''}`, child, found));
      }
    }
    const body = `<?xml version="1.0"?><x:multistatus xmlns:x="DAV:">${responses.join('')}${this.quirks.strayResponses ?? ''}</x:multistatus>`;
    response.writeHead(207, { 'content-type': 'application/xml', 'content-length': Buffer.byteLength(body) }).end(body);
  }

  private describe(href: string, file: string, stat: fs.Stats): string {
    const encoded = href.split('/').map(encodeURIComponent).join('/').replaceAll("'", '%27');
    const facts = stat.isDirectory()
      ? '<x:resourcetype><x:collection/></x:resourcetype>'
      : `<x:resourcetype/><x:getcontentlength>${stat.size}</x:getcontentlength>`;
    const tag = this.quirks.noEntityTags
      ? ''
      : `<x:getetag>${this.tagOf(file, stat).replaceAll('"', '&quot;')}</x:getetag>`;
    const time = this.timeOf(stat);
    const modified = time === undefined ? '' : `<x:getlastmodified>${time}</x:getlastmodified>`;
    return (
      `<x:response><x:href>${encoded}</x:href><x:propstat><x:prop>${facts}${tag}` +
      `${modified}</x:prop><x:status>HTTP/1.1 200 OK</x:status></x:propstat></x:response>`
    );
  }

  private timeOf({ mtimeMs }: fs.Stats): string | undefined {
    const { timeStepMs = 1_000, clockAheadMs = 0 } = this.quirks;
    return timeStepMs === 0 ? undefined : new Date(mtimeMs - (mtimeMs % timeStepMs) + clockAheadMs).toUTCString();
  }

  private tagOf(file: string, { ino, mtimeMs, size }: fs.Stats): string {
    return `"${createHash('md5')
      .update(`${ino} ${mtimeMs} ${size} ${this.salt.get(file) ?? ''}`)
      .digest('hex')}"`;
  }
}

function makeFolder(file: string): number {
  if (fs.existsSync(file)) return 405;
  if (!fs.statSync(path.dirname(file.replace(/\/$/, '')), { throwIfNoEntry: false })?.isDirectory()) return 409;
  fs.mkdirSync(file);
  return 201;
}

function remove(file: string): number {
  if (!fs.existsSync(file)) return 404;
  fs.rmSync(file, { recursive: true });
  return 204;
}

function statusOf(error: unknown): number {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 404;
  return code === 'ENAMETOOLONG' ? 403 : 500;
}
