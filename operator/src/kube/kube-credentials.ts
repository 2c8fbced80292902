import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { type Cluster, KubeConfig } from '@kubernetes/client-node';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from './clock.js';
import { KubeconfigError } from './kubeconfig-error.js';

/** What one request is sent with. */
export interface KubeAccess {
  /** `https://host:port`, with the path that a kubeconfig may give. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly dispatcher: Dispatcher;
}

const IN_CLUSTER_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

// How long what files and plugins gave is used without another look. A bound token is rewritten when 20 % of its life
// is left, so that this much delay never matters.
const FRESH_MS = 10_000;

const CONNECT = { keepAlive: true, keepAliveInitialDelay: 30_000, timeout: 10_000 };

// HTTP/1.1: in one HTTP/2 connection, a stalled proxy would hold up lease renewals together with the watches. Idle
// connections are kept, but shorter than API servers (3 min) and usual load balancers (60 s) keep them.
const POOL = {
  allowH2: false,
  keepAliveTimeout: 45_000,
  keepAliveMaxTimeout: 50_000,
  headersTimeout: 0,
  bodyTimeout: 0,
};

interface Connections {
  readonly identity: string;
  readonly dispatcher: Dispatcher;
}

/**
 * Where the API server is, and who we are to it: by @kubernetes/client-node from a kubeconfig or a pod's service
 * account, with one pool of connections for as long as CA and client certificate stay the same.
 *
 * client-node itself makes a new undici Agent for each request, and with it a TLS handshake.
 */
export class KubeCredentials {
  private config: KubeConfig | undefined;
  private current: KubeAccess | undefined;
  private loading: Promise<KubeAccess> | undefined;
  private readAt = 0;
  private connections: Connections | undefined;

  constructor(
    private readonly load: () => KubeConfig,
    private readonly clock: Clock,
  ) {}

  /** Of the kubeconfig at `path`; without one, of the pod's service account, else of `KUBECONFIG`. */
  static fromConfig(path: string | undefined, clock: Clock): KubeCredentials {
    return new KubeCredentials(() => loadConfig(path), clock);
  }

  /** The namespace of the pod or of the kubeconfig's context. */
  get namespace(): string | undefined {
    this.config ??= this.load();
    return this.config.getContextObject(this.config.getCurrentContext())?.namespace;
  }

  /**
   * What a request is to be sent with now.
   *
   * @throws KubeconfigError, or whatever a file or a plugin leads to, the message of which may hold secrets
   */
  async access(): Promise<KubeAccess> {
    if (this.current && this.clock.now() - this.readAt < FRESH_MS) return this.current;
    // Many requests at once must not start many credential plugins.
    this.loading ??= this.read().finally(() => (this.loading = undefined));
    return this.loading;
  }

  /**
   * Forgets what the server refused, so that files are read and plugins run again, unless that has happened since
   * `refused` was given out.
   */
  renew(refused: KubeAccess): void {
    if (this.current !== refused) return;
    this.current = undefined;
    // client-node keeps a token of a file for a minute and one of a plugin until its end: a new object keeps nothing.
    this.config = undefined;
  }

  /** Ends connections when what runs on them has ended; `now` cuts it. */
  async close(now: boolean): Promise<void> {
    const connections = this.connections;
    this.connections = undefined;
    this.current = undefined;
    if (connections) await (now ? connections.dispatcher.destroy() : connections.dispatcher.close());
  }

  private async read(): Promise<KubeAccess> {
    const config = this.config ?? this.load();
    const cluster = usableCluster(config);
    // Only now: what is wrong with a kubeconfig may be put right while we run.
    this.config = config;
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    const headers: Record<string, string> = { 'user-agent': 'bucketway-operator', accept: 'application/json' };
    for (const [name, value] of Object.entries(options.headers ?? {})) {
      // A token's file may end in a newline, which no header can.
      headers[name.toLowerCase()] = String(value).trim();
    }
    if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    const tls = {
      ca: options.ca,
      cert: options.cert,
      key: options.key,
      servername: options.servername,
      rejectUnauthorized: options.rejectUnauthorized,
    };
    const access = {
      server: cluster.server.replace(/\/+$/, ''),
      headers,
      dispatcher: this.dispatcher(tls, cluster.proxyUrl),
    };
    this.current = access;
    this.readAt = this.clock.now();
    return access;
  }

  private dispatcher(tls: TlsOptions, proxyUrl: string | undefined): Dispatcher {
    const given = definedOnly(tls);
    const identity = createHash('sha256')
      .update(JSON.stringify([proxyUrl, given]))
      .digest('hex');
    if (this.connections?.identity === identity) return this.connections.dispatcher;
    // What still runs on the old connections (a watch, for minutes) may end there.
    void this.connections?.dispatcher.close();
    const dispatcher = makeDispatcher(given, proxyUrl);
    this.connections = { identity, dispatcher };
    return dispatcher;
  }
}

function usableCluster(config: KubeConfig): Cluster {
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new KubeconfigError('the kubeconfig has no current cluster');
  const { proxyUrl, server, skipTLSVerify } = cluster;
  if (proxyUrl !== undefined && !/^https?:/.test(proxyUrl)) {
    throw new KubeconfigError('proxy-url of the kubeconfig must begin with http: or https:');
  }
  // client-node refuses it too, in words that nobody would be told.
  if (server.startsWith('http:') && proxyUrl === undefined && !skipTLSVerify) {
    throw new KubeconfigError('a server of http: needs insecure-skip-tls-verify: true in the kubeconfig');
  }
  return cluster;
}

type TlsOptions = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'servername' | 'rejectUnauthorized'>;

function makeDispatcher(tls: TlsOptions, proxyUrl: string | undefined): Dispatcher {
  if (proxyUrl === undefined) return new Agent({ ...POOL, connect: { ...CONNECT, ...tls } });
  return new ProxyAgent({ ...POOL, uri: proxyUrl, connect: CONNECT, requestTls: tls });
}

function definedOnly(tls: TlsOptions): TlsOptions {
  return Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined && value !== null));
}

function loadConfig(path: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (path !== undefined) config.loadFromFile(path);
  else if (process.env['KUBERNETES_SERVICE_HOST'] && existsSync(IN_CLUSTER_TOKEN)) config.loadFromCluster();
  else config.loadFromDefault();
  return config;
}
