import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ListenAddress } from '../config/configuration.js';
import { StartError } from '../supervisor/fleet.js';

/** Whether clients should be sent here. */
export interface Readiness {
  /** Why not; undefined where they may come. */
  readonly reason: string | undefined;
  /** What is wrong without keeping clients away. */
  readonly notes: readonly string[];
}

/** What the admin port shows. Nothing of it holds a secret. */
export interface AdminView {
  /** Why the process should be restarted; undefined where it is well. */
  healthy(): Promise<string | undefined>;
  ready(): Promise<Readiness>;
  status(): Promise<object>;
  /** Which keys may do anything, by document. Ids alone. */
  keys(): object;
  /** How full the buckets with a quota are, and when keys were used last. Names and ids alone. */
  usage(): Promise<object>;
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
 * `/metrics`, `/healthz`, `/readyz`, `/status`, `/status/keys` and `/status/usage`. Plain node:http: it runs in the supervising process, whose memory
 * counts beside that of the workers, and Nest with Fastify would double it (108 against 83 MB) for six routes.
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
      ['/healthz', async () => probe({ reason: await view.healthy(), notes: [] })],
      ['/readyz', async () => probe(await view.ready())],
      ['/status', async () => json(await view.status())],
      ['/status/keys', () => Promise.resolve(json(view.keys()))],
      ['/status/usage', async () => json(await view.usage())],
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
        reject(new StartError(`admin port: ${error.message}`, error.code, 'admin'));
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

function probe({ reason, notes }: Readiness): Answer {
  return text(reason === undefined ? 200 : 503, [reason ?? 'ok', ...notes].join('\n'));
}

function json(value: object): Answer {
  return { status: 200, type: 'application/json', body: `${JSON.stringify(value, undefined, 2)}\n` };
}

function text(status: number, message: string): Answer {
  return { status, type: TEXT, body: `${message}\n` };
}
