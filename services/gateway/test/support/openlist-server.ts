import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { sendDownload } from './openlist-downloads.js';
import { OpenlistLooks } from './openlist-looks.js';
import { OpenlistStorages } from './openlist-storages.js';
import { OpenlistError, type OpenlistMount } from './openlist-tree.js';
import { OpenlistWrites } from './openlist-writes.js';
import { readBody } from './read-body.js';

const HTML = '<!doctype html><html><head><title>OpenList</title></head><body><div id="root"></div></body></html>';

/** A request that the stand-in has answered, for tests that count. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body?: unknown;
}

/**
 * OpenList as it was observed, with the traps that lose data: failures in answers of status 200, the web page for unknown
 * routes, uploads that write in place, `names: [""]`, listings in natural order and from a cache, no "not found" status.
 */
export class OpenlistServer implements AsyncDisposable {
  readonly token = `openlist-${randomUUID()}`;
  readonly seen: SeenRequest[] = [];
  /** Answers a request in place of the server, where it returns true. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  guestDisabled = true;
  /** Bits of the administrator's rights. */
  permission = 0x71ff;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly storages = new OpenlistStorages();
  private readonly looks = new OpenlistLooks(this.storages);
  private readonly writes = new OpenlistWrites(this.storages);

  private constructor() {
    this.server = createServer((request, response) => void this.serve(request, response));
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
  }

  static async start(): Promise<OpenlistServer> {
    const started = new OpenlistServer();
    started.server.listen(0, '127.0.0.1');
    await once(started.server, 'listening');
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get mounts(): OpenlistMount[] {
    return this.storages.mounts;
  }

  /** What the administrator's account is confined to. */
  set basePath(path: string) {
    this.storages.basePath = path;
  }

  mount(mountPath: string, options: Partial<OpenlistMount> = {}): OpenlistMount {
    return this.storages.mount(mountPath, options);
  }

  /** Ends all connections, those in use too. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url as string, 'http://openlist');
    const seen = { method: request.method as string, path: url.pathname, headers: request.headers };
    if (this.intercept?.(request, response)) {
      this.seen.push(seen);
      return;
    }
    try {
      if (url.pathname.startsWith('/dav')) {
        this.seen.push(seen);
        await this.looks.propfind(request, response, decodeURIComponent(url.pathname.slice(4)) || '/', this.token);
      } else if (url.pathname.startsWith('/d/')) {
        this.seen.push(seen);
        await sendDownload(this.storages, this.token, request, response, url);
      } else if (url.pathname === '/ping') {
        response.end('pong');
      } else {
        await this.api(request, response, url, seen);
      }
    } catch (error) {
      if (!(error instanceof OpenlistError)) {
        // A request that was cut: nobody waits for an answer.
        response.destroy();
        return;
      }
      sendJson(response, { code: error.code, message: error.message, data: null });
    }
  }

  private async api(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    seen: Omit<SeenRequest, 'body'>,
  ): Promise<void> {
    const route = `${request.method} ${url.pathname}`;
    const handler = this.routes.get(route);
    if (handler === undefined) {
      this.seen.push(seen);
      request.resume();
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(HTML);
      return;
    }
    const { authorization } = request.headers;
    if (authorization === undefined && this.guestDisabled) {
      throw new OpenlistError(401, 'Guest user is disabled, login please');
    }
    if (authorization !== this.token) throw new OpenlistError(401, 'token is invalidated');
    if (route === 'PUT /api/fs/put') {
      this.seen.push(seen);
      await this.writes.put(request);
      sendJson(response, { code: 200, message: 'success', data: null });
      return;
    }
    const text = (await readBody(request)).toString('utf8');
    const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
    this.seen.push({ ...seen, body });
    const data = (await handler(body)) ?? null;
    sendJson(response, { code: 200, message: 'success', data });
  }

  private readonly routes = new Map<string, (body: Record<string, unknown>) => unknown>([
    [
      'GET /api/me',
      () => ({ id: 1, username: 'admin', base_path: this.storages.basePath, role: 2, permission: this.permission }),
    ],
    [
      'GET /api/admin/storage/list',
      () => ({
        content: this.mounts.map(({ mountPath, driver, status }) => ({
          mount_path: mountPath,
          driver,
          status,
          disabled: false,
          addition: '{}',
        })),
        total: this.mounts.length,
      }),
    ],
    ['PUT /api/fs/put', () => undefined],
    ['POST /api/fs/list', (body) => this.looks.listing(this.storages.absolute(body['path']), body)],
    ['POST /api/fs/get', (body) => this.looks.get(this.storages.absolute(body['path']))],
    ['POST /api/fs/mkdir', (body) => this.writes.makeFolder(this.storages.absolute(body['path']))],
    ['POST /api/fs/rename', (body) => this.writes.rename(body)],
    ['POST /api/fs/move', (body) => this.writes.move(body)],
    ['POST /api/fs/remove', (body) => this.writes.remove(body)],
  ]);
}

function sendJson(response: ServerResponse, envelope: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(envelope));
}
