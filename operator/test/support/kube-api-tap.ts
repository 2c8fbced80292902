import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request of the program behind a tap. */
export interface TappedRequest {
  /** As RBAC calls it; `apply` is a patch. */
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `s3buckets/status`. */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** What a list or watch is limited to, and from where it goes on. */
  readonly query: URLSearchParams;
  readonly body: string;
  /** Undefined while it has no answer. */
  status: number | undefined;
}

/** What becomes of the answer to a request that the server has carried out. */
export type TapVerdict = 'pass' | 'cut';

/** Stands between one program and the API server: writes down what it asks for, and can fail in between. */
export class KubeApiTap {
  readonly requests: TappedRequest[] = [];
  /** Asked once the server has carried a write out and before the program learns so. */
  afterWrite: (request: TappedRequest) => Promise<TapVerdict> = () => Promise.resolve('pass');
  private readonly watches = new Map<ServerResponse, IncomingMessage>();
  private open = true;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly agent: Agent,
    readonly kubeconfigPath: string,
  ) {}

  /** @param kubeconfigPath the program's own; its credentials are used, and it gets another file beside it */
  static async start(kubeconfigPath: string): Promise<KubeApiTap> {
    const { clusters, users } = JSON.parse(await readFile(kubeconfigPath, 'utf8')) as Kubeconfig;
    const { cluster } = clusters[0];
    const { user } = users[0];
    const agent = new Agent({
      keepAlive: true,
      ca: await readFile(cluster['certificate-authority']),
      cert: await readFile(user['client-certificate']),
      key: await readFile(user['client-key']),
    });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const path = `${kubeconfigPath}.tapped`;
    const config = {
      'current-context': 'tapped',
      contexts: [{ name: 'tapped', context: { cluster: 'tapped', user: 'tapped' } }],
      clusters: [{ name: 'tapped', cluster: { server: url, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'tapped', user: {} }],
    };
    await writeFile(path, JSON.stringify(config));
    const tap = new KubeApiTap(server, new URL(cluster.server), agent, path);
    server.on('request', (incoming, response) => void tap.handle(incoming, response));
    return tap;
  }

  /** Ends all watches in the middle, as a load balancer does. */
  cutWatches(): void {
    for (const response of this.watches.keys()) response.destroy();
  }

  /** The server's side of all watches is gone, and nobody is told: the program's side stays open and says nothing. */
  muteWatches(): void {
    for (const answer of this.watches.values()) {
      answer
        .unpipe()
        .removeAllListeners('error')
        .on('error', () => {});
      answer.destroy();
    }
  }

  /** The network is gone: no answer comes, and connections end. */
  close(): void {
    this.open = false;
    this.server.closeAllConnections();
  }

  /** The network is back. */
  reopen(): void {
    this.open = true;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), 'close');
    this.agent.destroy();
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!this.open) {
      incoming.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(chunks);
    const tapped = describe(incoming, body);
    this.requests.push(tapped);
    const upstream = httpsRequest({
      agent: this.agent,
      host: this.target.hostname,
      port: this.target.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, host: this.target.host },
    });
    upstream.on('error', () => response.destroy());
    response.on('close', () => upstream.destroy());
    upstream.on('response', (answer) => void this.answer(tapped, answer, response));
    upstream.end(body);
  }

  private async answer(tapped: TappedRequest, answer: IncomingMessage, response: ServerResponse): Promise<void> {
    tapped.status = answer.statusCode;
    if (tapped.verb === 'watch') {
      this.watches.set(response, answer);
      // Of a watch from a version that is forgotten, the status is that of its first event.
      answer.once('data', (chunk) => {
        if (/"type":"ERROR".*"code":410/.test(String(chunk))) tapped.status = 410;
      });
      response.on('close', () => this.watches.delete(response));
    }
    const isRead = ['get', 'list', 'watch'].includes(tapped.verb);
    if (!isRead && (await this.afterWrite(tapped)) === 'cut') {
      response.destroy();
      return;
    }
    answer.on('error', () => response.destroy());
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  }
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly server: string; 'certificate-authority': string } }];
  readonly users: readonly [{ readonly user: Record<'client-certificate' | 'client-key', string> }];
}

const PATH = /^\/(?:api|apis\/(?<group>[^/]+))\/[^/]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<rest>.+)$/;
const VERBS: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

function describe({ method = '', url = '/' }: IncomingMessage, body: Buffer): TappedRequest {
  const { pathname, searchParams } = new URL(url, 'http://tap');
  const { group = '', namespace, rest = '' } = PATH.exec(pathname)?.groups ?? {};
  const [plural = '', name, subresource] = rest.split('/');
  const reading = searchParams.get('watch') === 'true' ? 'watch' : name === undefined ? 'list' : 'get';
  return {
    verb: VERBS[method] ?? reading,
    group,
    resource: subresource === undefined ? plural : `${plural}/${subresource}`,
    namespace,
    name,
    query: searchParams,
    body: body.toString(),
    status: undefined,
  };
}
