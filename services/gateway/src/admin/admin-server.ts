import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/configuration.js';
import { StartError } from '../supervisor/fleet.js';

/** What the admin port shows. Nothing of it holds a secret. */
export interface AdminView {
  /** Why the process should be restarted; undefined where it is well. */
  healthy(): Promise<string | undefined>;
  /** Why no client should be sent here; undefined where they may come. */
  ready(): Promise<string | undefined>;
  status(): Promise<object>;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const TEXT = 'text/plain; charset=utf-8';

/**
 * `/metrics`, `/healthz`, `/readyz` and `/status`. Plain node:http: it runs in the supervising process, whose memory
 * counts beside that of the workers, and Nest with Fastify would double it (108 against 83 MB) for four routes.
 */
export class AdminServer {
  private readonly server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, keepAliveTimeout: 30_000, maxHeaderSize: 8192 },
    (request, response) => void this.handle(request, response),
  );
  private readonly routes: ReadonlyMap<string, () => Promise<Answer>>;

  constructor(view: AdminView) {
    this.server.maxConnections = 100;
    this.routes = new Map([
      ['/healthz', () => probe(view.healthy())],
      ['/readyz', () => probe(view.ready())],
      ['/status', async () => json(await view.status())],
      [
        '/metrics',
        async () => ({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await view.metrics() }),
      ],
    ]);
  }

  get address(): ListenAddress {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  /** @throws StartError */
  listen({ host, port }: ListenAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', (error: NodeJS.ErrnoException) => {
        reject(new StartError(`admin port: ${error.message}`, error.code));
      });
      this.server.listen({ host, port }, resolve);
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const { status, type, body } = await this.answer(request);
    response.writeHead(status, {
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  private async answer({ method, url = '/' }: IncomingMessage): Promise<Answer> {
    const route = this.routes.get(url.split('?', 1)[0] as string);
    if (route === undefined) return text(404, `not found; there are ${[...this.routes.keys()].join(', ')}`);
    if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET and HEAD');
    try {
      return await route();
    } catch (error) {
      return text(500, (error as Error).message);
    }
  }
}

async function probe(result: Promise<string | undefined>): Promise<Answer> {
  const reason = await result;
  return reason === undefined ? text(200, 'ok') : text(503, reason);
}

function json(value: object): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function text(status: number, message: string): Answer {
  return { status, type: TEXT, body: `${message}\n` };
}
