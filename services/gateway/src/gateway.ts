import 'reflect-metadata';
import type { IncomingMessage, Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, type GatewayEnvironment } from './app.module.js';
import { answerBrokenRequests } from './http/client-errors.js';
import { deferContinue } from './http/expect-continue.js';
import { StorageTree, type StorageState } from './storage/storage-tree.js';

/** Bytes of a request's headers; S3 allows 8 KiB, and clients send some of their own. */
const MAX_HEADER_BYTES = 32 * 1024;
/** How long a client may take to send its headers, in milliseconds. */
const HEADERS_TIMEOUT_MS = 30_000;
/** How long an idle connection is kept, in milliseconds; longer than load balancers do, so that they are the ones to close. */
const KEEP_ALIVE_MS = 75_000;

export interface GatewayOptions extends GatewayEnvironment {
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A running S3 server. */
export interface Gateway {
  /** Starts to listen. @returns the port, for a caller that asked for 0 */
  listen(listen: { readonly host: string; readonly port: number }): Promise<number>;
  /** Stops accepting, lets running requests end, at most for so many milliseconds. */
  close(graceMs: number): Promise<void>;
  /** Replaces the certificate for connections to come. */
  setTls(tls: { readonly cert: string; readonly key: string }): void;
  storageStates(): Promise<readonly StorageState[]>;
}

/** Makes a gateway; it serves once it listens. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const adapter = new FastifyAdapter({
    ...(options.tls && { https: options.tls }),
    // The pipeline parses the raw target itself, once: to the framework's router every request is one for "/".
    rewriteUrl: () => '/',
    bodyLimit: Number.MAX_SAFE_INTEGER,
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: false,
    http: { maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0 },
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.with(options), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: ['error', 'warn', 'log'],
  });
  const fastify = adapter.getInstance();
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', (_request: unknown, _payload: IncomingMessage, done: (error: null) => void) =>
    done(null),
  );
  await app.init();
  const server = app.getHttpServer() as Server;
  deferContinue(server);
  answerBrokenRequests(server);
  return {
    listen: async ({ host, port }) => {
      await app.listen(port, host);
      const address = server.address();
      return typeof address === 'object' && address ? address.port : port;
    },
    close: (graceMs) => close(app, server, graceMs),
    setTls: (tls) => (server as Server & { setSecureContext?: (tls: object) => void }).setSecureContext?.(tls),
    storageStates: () => app.get(StorageTree).states(),
  };
}

async function close(app: NestFastifyApplication, server: Server, graceMs: number): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), graceMs);
  server.closeIdleConnections();
  await app.close();
  clearTimeout(force);
}
