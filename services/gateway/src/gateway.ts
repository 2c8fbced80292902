import 'reflect-metadata';
import { METHODS, type Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from './app.module.js';
import type { ListenAddress, TlsMaterial } from './config/configuration.js';
import { answerBrokenRequests } from './http/client-errors.js';
import { deferContinue } from './http/expect-continue.js';
import { sayFarewell } from './http/farewell.js';
import { SilentConnections } from './http/silent-connections.js';
import { answering } from './storage/loop-question.js';
import { loadRemoteKinds } from './storage/remote-kinds.js';
import { StorageTree } from './storage/storage-tree.js';
import type { Gateway, GatewayOptions } from './supervisor/gateway-process.js';
import { BucketMeter } from './usage/bucket-meter.js';

/** Bytes of a request's headers; S3 allows 8 KiB, and clients and proxies add their own. */
const MAX_HEADER_BYTES = 32 * 1024;
/** How long a client may take to send its headers, in milliseconds. */
const HEADERS_TIMEOUT_MS = 30_000;
/** How long an idle connection is kept, in milliseconds; longer than load balancers keep theirs, so that they close first. */
const KEEP_ALIVE_MS = 75_000;

/** How long connections in use have to end with an answer, in milliseconds, and of the grace at most a fifth. */
const FAREWELL_MS = 2_000;
/** How often a gateway that closes looks for connections that fell idle, in milliseconds. */
const IDLE_SWEEP_MS = 50;
/** How long after the begin of a drain a connection may still begin its first request, in milliseconds. */
const SILENCE_MS = 1_000;

type AdapterOptions = ConstructorParameters<typeof FastifyAdapter>[0];

/** Makes a gateway; it accepts nothing until it listens. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  await loadRemoteKinds(options.snapshots.current.storages);
  const adapter = new FastifyAdapter({
    ...(options.tls && { https: { ...options.tls, maxHeaderSize: MAX_HEADER_BYTES } }),
    ...(!options.tls && { http: { maxHeaderSize: MAX_HEADER_BYTES } }),
    // The pipeline parses the raw target itself, once: to the framework's router every request is one for "/".
    rewriteUrl: () => '/',
    // Express-style middleware, which nothing here uses, would cost every request a turn.
    skipMiddie: true,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // Node's limit counts the body in, and an upload may take hours; the body decoder has its own idle limit.
    requestTimeout: 0,
    // What arrives over a connection that was there before the drain is served, and told that it was the last one: the framework's
    // own refusal is no S3 error, and clients cannot tell from it that they may try again.
    return503OnClosing: false,
    // No route has a schema. The framework's own compilers for them would be loaded all the same, at some megabytes a process.
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
  } as AdapterOptions);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(options), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: options.log,
  });
  const fastify = adapter.getInstance();
  // To the framework no method has a body, so that it never looks at one: any content type may be stored, also one that it could
  // not parse, and methods that it does not route are answered as S3 does.
  for (const method of METHODS) fastify.addHttpMethod(method, { overrideExisting: true });
  fastify.addHook('onRequest', (request, _reply, done) => answering(request.originalUrl, done));
  await app.init();
  const server = app.getHttpServer() as Server & { setSecureContext?: (tls: TlsMaterial) => void };
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  deferContinue(server);
  answerBrokenRequests(server);
  const silent = new SilentConnections(server);
  return {
    listen: () => listen(app, server, options.listen),
    updateTls: (tls) => server.setSecureContext?.(tls),
    storages: () => app.get(StorageTree).states(),
    measure: (path) => app.get(BucketMeter).measure(path),
    close: (graceMs) => close(app, server, silent, graceMs),
  };
}

function noSchemas(): never {
  throw new Error('No route has a schema.');
}

async function listen(
  app: NestFastifyApplication,
  server: Server,
  at: ListenAddress | undefined,
): Promise<ListenAddress> {
  const { host, port } = at ?? { host: '127.0.0.1', port: 0 };
  await app.listen(port, host);
  const address = server.address();
  return { host, port: typeof address === 'object' && address ? address.port : port };
}

async function close(
  app: NestFastifyApplication,
  server: Server,
  silent: SilentConnections,
  graceMs: number,
): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  // The listening socket alone: the HTTP server's own close would cut connections that are idle for a moment.
  const ended = new Promise<void>((resolve) => void NetServer.prototype.close.call(server, () => resolve()));
  await sayFarewell(server, Math.min(FAREWELL_MS, graceMs / 5));
  // An answer that began before still promised to keep its connection, which falls idle only when it ends.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  const hush = setTimeout(() => silent.close(), SILENCE_MS);
  server.closeIdleConnections();
  await ended;
  await app.close();
  clearTimeout(force);
  clearTimeout(hush);
  clearInterval(sweep);
}
