import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RemoteFilesTraits } from '../../src/storage/remote/remote-files.js';

/** A running WebDAV server over a folder of its own. */
export interface WebdavServer {
  readonly url: string;
  /** The folder that it serves. */
  readonly root: string;
  stop(): Promise<void>;
}

/** A server that tests run against where its program is installed. */
export interface WebdavServerKind {
  readonly name: string;
  readonly program: string;
  readonly traits: RemoteFilesTraits;
  /** How often a test may overwrite a key: nginx tells versions of a file apart by the second alone. */
  readonly overwrites: number;
  start(): Promise<WebdavServer>;
}

export const WEBDAV_USER = { username: 'dav', password: 'pässword' } as const;

const NGINX_MODULE = '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so';

export const RCLONE: WebdavServerKind = {
  name: 'rclone serve webdav',
  program: 'rclone',
  traits: { atomicReplace: false, atomicCreate: true },
  overwrites: 20,
  start: () => startServer('rclone', rcloneArguments),
};

export const APACHE: WebdavServerKind = {
  name: 'Apache mod_dav',
  program: 'apache2',
  traits: { atomicReplace: false, atomicCreate: false },
  overwrites: 20,
  start: () => startServer('apache2', (folder, port) => apacheArguments(folder, port, 'Basic')),
};

/** Apache with Digest authentication, and nonces that live for a second. */
export const APACHE_DIGEST: WebdavServerKind = {
  ...APACHE,
  name: 'Apache mod_dav with Digest',
  start: () => startServer('apache2', (folder, port) => apacheArguments(folder, port, 'Digest')),
};

export const NGINX: WebdavServerKind = {
  name: 'nginx with dav-ext',
  program: 'nginx',
  traits: { atomicReplace: true, atomicCreate: true, dotNames: false },
  overwrites: 3,
  start: () => startServer('nginx', nginxArguments),
};

/** Whether a server's program is installed. */
export function isInstalled({ program }: WebdavServerKind): boolean {
  if (program === 'nginx' && !fs.existsSync(NGINX_MODULE)) return false;
  return spawnSync('sh', ['-c', `command -v ${program}`], { env: withSystemPaths() }).status === 0;
}

type MakeArguments = (folder: string, port: number) => readonly string[];

async function startServer(program: string, makeArguments: MakeArguments): Promise<WebdavServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${program}-`));
  const root = path.join(folder, 'root');
  for (const one of [root, path.join(folder, 'tmp')]) fs.mkdirSync(one);
  const port = await freePort();
  const parameters = makeArguments(folder, port);
  // Started as root, Apache and nginx work as www-data.
  if (process.getuid?.() === 0) execFileSync('chown', ['-R', 'www-data:', folder]);
  fs.chmodSync(folder, 0o755);
  const child = spawn(program, parameters, { stdio: ['ignore', 'ignore', 'pipe'], env: withSystemPaths() });
  const output: string[] = [];
  child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
  try {
    await isListening(child, port, output);
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    url: `http://127.0.0.1:${port}/`,
    root,
    stop: async () => {
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function rcloneArguments(folder: string, port: number): readonly string[] {
  const { username, password } = WEBDAV_USER;
  return [
    'serve',
    'webdav',
    '--config',
    '/dev/null',
    '--addr',
    `127.0.0.1:${port}`,
    '--user',
    username,
    '--pass',
    password,
    path.join(folder, 'root'),
  ];
}

function apacheArguments(folder: string, port: number, auth: 'Basic' | 'Digest'): readonly string[] {
  const modules = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'auth_digest'];
  if (auth === 'Basic') writeUsers(folder);
  else writeDigestUsers(folder);
  fs.writeFileSync(
    path.join(folder, 'httpd.conf'),
    `ServerRoot /usr/lib/apache2
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
Mutex file:${folder}
${[...modules, 'mime', 'dav', 'dav_fs'].map((one) => `LoadModule ${one}_module modules/mod_${one}.so`).join('\n')}
TypesConfig /etc/mime.types
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
DavLockDB ${folder}/locks
DocumentRoot ${folder}/root
<Directory ${folder}/root>
  Dav On
  AuthType ${auth}
  AuthName dav
  ${auth === 'Digest' ? 'AuthDigestNonceLifetime 1' : ''}
  AuthUserFile ${folder}/users
  Require valid-user
</Directory>
`,
  );
  return ['-DFOREGROUND', '-f', path.join(folder, 'httpd.conf')];
}

function nginxArguments(folder: string, port: number): readonly string[] {
  writeUsers(folder);
  fs.writeFileSync(
    path.join(folder, 'nginx.conf'),
    `load_module ${NGINX_MODULE};
daemon off;
${process.getuid?.() === 0 ? 'user www-data;' : ''}
pid ${folder}/pid;
error_log ${folder}/error.log;
events {}
http {
  default_type application/octet-stream;
  access_log off;
  client_body_temp_path ${folder}/tmp;
  client_max_body_size 0;
  dav_ext_lock_zone zone=locks:1m;
  server {
    listen 127.0.0.1:${port};
    root ${folder}/root;
    location / {
      auth_basic dav;
      auth_basic_user_file ${folder}/users;
      dav_methods PUT DELETE MKCOL COPY MOVE;
      dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
      dav_ext_lock zone=locks;
      create_full_put_path on;
      dav_access user:rw group:r;
    }
  }
}
`,
  );
  return ['-c', path.join(folder, 'nginx.conf')];
}

function writeUsers(folder: string): void {
  const { username, password } = WEBDAV_USER;
  const hashed = execFileSync('openssl', ['passwd', '-apr1', '-stdin'], { input: password }).toString().trim();
  fs.writeFileSync(path.join(folder, 'users'), `${username}:${hashed}\n`);
}

function writeDigestUsers(folder: string): void {
  const { username, password } = WEBDAV_USER;
  fs.writeFileSync(path.join(folder, 'users'), `${username}:dav:${hash('md5', `${username}:dav:${password}`)}\n`);
}

/** Debian keeps servers out of a user's path. */
function withSystemPaths(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin` };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isListening(child: ChildProcess, port: number, output: readonly string[]): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}: ${output.join('')}`);
    const socket = net.connect(port, '127.0.0.1');
    const connected = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (connected) return;
    await delay(20);
  }
  throw new Error(`It does not listen: ${output.join('')}`);
}
