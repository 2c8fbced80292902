import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the health port shows. Nothing of it holds a secret. */
export interface HealthView {
  /** Why the process should be restarted; undefined where it is well. */
  healthy(): string | undefined;
  /** Why it does not work yet; undefined where it does, or stands by. */
  ready(): string | undefined;
  /** In the text format of Prometheus. */
  metrics(): Promise<string>;
}

/** `/healthz`, `/readyz` and `/metrics`. */
export class HealthServer {
  private readonly server = createServer(
    { headersTimeout: 5000, requestTimeout: 10_000, maxHeaderSize: 8192 },
    (request, response) => void this.answer(request, response),
  );

  constructor(private readonly view: HealthView) {
    this.server.maxConnections = 100;
  }

  /** Where it listens, once it does. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** @param address such as `0.0.0.0:8080` @throws Error where the address is taken */
  async listen(address: string): Promise<void> {
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port: Number(address.slice(colon + 1)) }, resolve);
    });
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    const path = (request.url ?? '/').split('?', 1)[0];
    if (path === '/healthz') send(response, this.view.healthy());
    else if (path === '/readyz') send(response, this.view.ready());
    else if (path === '/metrics') {
      const text = await this.view.metrics();
      response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
    } else response.writeHead(404).end('not found; there are /healthz, /readyz, /metrics\n');
  }
}

function send(response: ServerResponse, reason: string | undefined): void {
  response.writeHead(reason === undefined ? 200 : 503, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${reason ?? 'ok'}\n`);
}
