import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Server } from './s3-upstream.js';

const KEYS = { accessKeyId: 'testaccesskey', secretAccessKey: 'secret-of-the-upstream-tests' } as const;
const START_TIMEOUT_MS = 30_000;

/** A server that runs until it is stopped. */
export interface RunningS3Server extends S3Server {
  stop(): Promise<void>;
}

/** A server that tests run against where there is one. */
export interface S3ServerKind {
  readonly name: string;
  /** What has to be there for it. */
  readonly needs: string;
  readonly there: boolean;
  /** Keys are files there. */
  readonly hierarchical: boolean;
  /** What it is known to do otherwise: see the contract. */
  readonly limits?: ReadonlyMap<string, string>;
  start(): Promise<RunningS3Server>;
}

const HALF_PARTS = 'takes a part that is cut short for a whole one, with an entity tag of its own';
const VERSITYGW_LIMITS = new Map([
  ['are objects of their own, empty or not', 'a key that ends in a slash can have no content'],
  ['may be odd: "a\\u0001"', 'listings do not encode control characters'],
  ['answer a completion again, for as long as the object is what it made', 'says yes to any later completion'],
  ['keep a part whose retry breaks off', HALF_PARTS],
  ['are gone once they are aborted, also for a part that is under way', 'aborts twice, and takes parts meanwhile'],
  ['end in a whole object while a part is uploaded again', 'fails parts that meet a completion with 500'],
  [
    'always see one whole version with its own entity tag',
    'answers with the bytes of one version and the entity tag of another, two or three times in 5,500 reads, also without a gateway',
  ],
]);
const MINIO_LIMITS = new Map([
  [
    'give back what was put, also from another gateway',
    'gives metadata that is not ASCII back as RFC 2047, as Amazon S3 does',
  ],
  ['delete what they name, and nothing else', 'keeps no conditions on deletes, so they are refused'],
  ['are replaced, and nothing else is', 'has tags in ASCII only'],
  ['may be odd: "a\\\\..\\\\b"', 'refuses backslashes'],
  ['are listed in pages, by key and then by time', 'lists the uploads of one key only, so listings are refused'],
]);
const CEPH_LIMITS = new Map([
  ['give back what was put, also from another gateway', 'makes dashes of underscores in names of metadata'],
  ['delete what they name, and nothing else', 'keeps no conditions on deletes, so they are refused'],
  ['keep the conditions of their completion', 'keeps no conditions on completions, so they are refused'],
  ['leave out parts that the completion does not name', 'wants all parts to be named'],
  ['refuse parts that are too small, unknown, or not as named', 'wants all parts to be named'],
]);

/** The servers of the contract suite: two that are started here, and any that the environment names. */
export const S3_SERVERS: readonly S3ServerKind[] = [
  {
    name: 'versitygw',
    needs: 'versitygw in the PATH or in VERSITYGW_BIN',
    there: programOf('VERSITYGW_BIN', 'versitygw') !== undefined,
    hierarchical: true,
    limits: VERSITYGW_LIMITS,
    start: () =>
      startProgram(programOf('VERSITYGW_BIN', 'versitygw') as string, (folder, port) => ({
        arguments: ['--port', `127.0.0.1:${port}`, 'posix', folder],
        environment: { ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey },
      })),
  },
  {
    name: 'MinIO',
    needs: 'minio in the PATH or in MINIO_BIN',
    there: programOf('MINIO_BIN', 'minio') !== undefined,
    hierarchical: false,
    limits: MINIO_LIMITS,
    start: () =>
      startProgram(programOf('MINIO_BIN', 'minio') as string, (folder, port) => ({
        arguments: ['server', '--quiet', '--address', `127.0.0.1:${port}`, '--console-address', '127.0.0.1:0', folder],
        environment: {
          MINIO_ROOT_USER: KEYS.accessKeyId,
          MINIO_ROOT_PASSWORD: KEYS.secretAccessKey,
          MINIO_BROWSER: 'off',
        },
      })),
  },
  {
    name: 'the server of BUCKETWAY_TEST_S3_ENDPOINT',
    needs: 'BUCKETWAY_TEST_S3_ENDPOINT, …_ACCESS_KEY, …_SECRET_KEY; …_KIND=ceph for Ceph',
    there: process.env['BUCKETWAY_TEST_S3_ENDPOINT'] !== undefined,
    hierarchical: process.env['BUCKETWAY_TEST_S3_KIND'] !== 'ceph',
    ...(process.env['BUCKETWAY_TEST_S3_KIND'] === 'ceph' && { limits: CEPH_LIMITS }),
    start: async () => ({
      endpoint: process.env['BUCKETWAY_TEST_S3_ENDPOINT'] ?? '',
      accessKeyId: process.env['BUCKETWAY_TEST_S3_ACCESS_KEY'] ?? '',
      secretAccessKey: process.env['BUCKETWAY_TEST_S3_SECRET_KEY'] ?? '',
      stop: async () => undefined,
    }),
  },
];

interface Invocation {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** The path of a program, from a variable or the PATH. */
function programOf(variable: string, name: string): string | undefined {
  const named = process.env[variable];
  if (named !== undefined && named !== '') return named;
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return found.status === 0 ? found.stdout.trim() : undefined;
}

async function startProgram(
  program: string,
  invoke: (folder: string, port: number) => Invocation,
): Promise<RunningS3Server> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 's3-server-'));
  const port = await freePort();
  const { arguments: args, environment } = invoke(folder, port);
  const child = spawn(program, args, { env: { ...process.env, ...environment }, stdio: 'ignore' });
  try {
    await waitForPort(port, child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    ...KEYS,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const hung = setTimeout(() => child.kill('SIGKILL'), 5_000);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(hung);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when the server answers any request: an open port is not enough for one that is still starting. */
async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const until = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The server ended with ${child.exitCode} before it listened.`);
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/`);
      await answer.arrayBuffer();
      if (answer.status < 500) return;
    } catch {
      // Not yet.
    }
    if (Date.now() > until) throw new Error('The server does not listen.');
    await delay(50);
  }
}
