import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigMap } from '../../src/kube/core-objects.js';
import { objectKey } from '../../src/kube/kube-object.js';

/** A request that came. */
export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** The client's end of the connection. */
  readonly port: number | undefined;
}

/** An answer as told. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** The body's end never comes. */
  readonly stalls?: boolean;
}

/** What to answer instead of the usual. `hang`: nothing, ever. `reset`: the connection is cut. */
export type FakeAnswer = ScriptedAnswer | 'hang' | 'reset';

/** The server's end of a watch. */
export class FakeWatch {
  constructor(
    readonly request: FakeRequest,
    private readonly response: ServerResponse,
  ) {}

  get resourceVersion(): string | null {
    return this.request.query.get('resourceVersion');
  }

  /** Sends one event; resolves when it was handed to the network. */
  send(type: string, object: object): Promise<void> {
    return this.write(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(resourceVersion: string): Promise<void> {
    return this.send('BOOKMARK', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion } });
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.response.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** As a server ends a watch whose time is over. */
  end(): void {
    this.response.end();
  }

  /** As a connection that breaks. */
  cut(): void {
    this.response.destroy();
  }

  /** Resolves when the client has gone. */
  async closed(): Promise<void> {
    if (!this.response.closed) await once(this.response, 'close');
  }
}

/** ConfigMaps of an API server that misbehaves as told. */
export class FakeKubeApi {
  /** What lists return, by key. */
  readonly objects = new Map<string, ConfigMap>();
  readonly requests: FakeRequest[] = [];
  private lastVersion = 100;
  private answers: { readonly matches: (request: FakeRequest) => boolean; readonly answer: FakeAnswer }[] = [];
  private readonly watches: FakeWatch[] = [];
  private watcher: ((watch: FakeWatch) => void) | undefined;

  private constructor(
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<FakeKubeApi> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const fake = new FakeKubeApi(server, await mkdtemp(join(tmpdir(), 'fake-kube-')));
    server.on('request', (request, response) => void fake.handle(request, response));
    await fake.writeKubeconfig({});
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get kubeconfigPath(): string {
    return join(this.folder, 'kubeconfig');
  }

  /** A file beside the kubeconfig. */
  async writeFile(name: string, content: string): Promise<string> {
    await writeFile(join(this.folder, name), content, { mode: 0o700 });
    return join(this.folder, name);
  }

  /** @param changes entries of the file that replace the usual ones */
  async writeKubeconfig(user: object, server = this.url, changes: object = {}): Promise<void> {
    const config = {
      'current-context': 'fake',
      contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace: 'here' } }],
      clusters: [{ name: 'fake', cluster: { server, 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'fake', user }],
      ...changes,
    };
    await writeFile(this.kubeconfigPath, JSON.stringify(config));
  }

  /** The version that lists have. */
  get version(): string {
    return String(this.lastVersion);
  }

  /** Changes an object without telling any watch. */
  put(name: string, data: Record<string, string> = {}, uid = `uid-${name}`): ConfigMap {
    const resourceVersion = String(++this.lastVersion);
    const metadata = { name, namespace: 'ns', uid, resourceVersion, managedFields: [{ manager: 'x' }] };
    const object = { metadata, data };
    this.objects.set(objectKey(metadata), object);
    return object;
  }

  /** Removes an object without telling any watch. */
  remove(name: string): ConfigMap {
    const object = this.objects.get(`ns/${name}`);
    if (!object) throw new Error(`there is no ${name}`);
    this.objects.delete(`ns/${name}`);
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.lastVersion) } };
  }

  /** Answers the next request that matches in this way, once. */
  answerNext(kind: 'list' | 'watch' | 'any', ...answers: FakeAnswer[]): void {
    const matches = (request: FakeRequest): boolean =>
      kind === 'any' || (request.query.get('watch') === 'true') === (kind === 'watch');
    for (const answer of answers) this.answers.push({ matches, answer });
  }

  /** The next watch that is opened, or the oldest that nobody took yet. */
  nextWatch(): Promise<FakeWatch> {
    const watch = this.watches.shift();
    if (watch) return Promise.resolve(watch);
    return new Promise((resolve) => {
      this.watcher = resolve;
    });
  }

  /** How many lists were asked for (first pages). */
  get lists(): number {
    return this.requests.filter(
      ({ method, query }) =>
        method === 'GET' && !query.has('watch') && !query.has('continue') && !query.has('resourceVersionMatch'),
    ).length;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await rm(this.folder, { recursive: true });
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', this.url);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', headers } = incoming;
    const body = Buffer.concat(chunks).toString();
    const request = {
      method,
      path: url.pathname,
      query: url.searchParams,
      headers,
      body,
      port: incoming.socket.remotePort,
    };
    this.requests.push(request);
    const index = this.answers.findIndex(({ matches }) => matches(request));
    const [scripted] = index < 0 ? [] : this.answers.splice(index, 1);
    if (scripted) give(response, scripted.answer);
    else if (request.query.get('watch') === 'true') this.watch(request, response);
    else if (method === 'GET') give(response, { status: 200, body: this.list(request) });
    else give(response, { status: 200, body: JSON.parse(body) as unknown });
  }

  private watch(request: FakeRequest, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch = new FakeWatch(request, response);
    const watcher = this.watcher;
    this.watcher = undefined;
    if (watcher) watcher(watch);
    else this.watches.push(watch);
  }

  private list({ query }: FakeRequest): object {
    const all = [...this.objects.values()];
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length);
    const more = from + limit < all.length ? { continue: String(from + limit) } : {};
    return { items: all.slice(from, from + limit), metadata: { resourceVersion: this.version, ...more } };
  }
}

function give(response: ServerResponse, answer: FakeAnswer): void {
  if (answer === 'hang') return;
  if (answer === 'reset') {
    response.destroy();
    return;
  }
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body ?? {});
  if (answer.stalls) response.write(body);
  else response.end(body);
}

/** The `Status` that goes with a failure. */
export function failure(code: number, reason: string, message = reason): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}
