import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeClient } from '../../src/kube/kube-client.js';
import { CertificateAuthority, type CertificateFiles } from './kube-api-certificates.js';
import { ControlPlaneProcess, freePorts } from './kube-api-process.js';

const PROGRAMS = ['kube-apiserver', 'etcd', 'kubectl'];

/** The folder of `kube-apiserver`, `etcd` and `kubectl`: envtest's convention. */
export const KUBE_ASSETS: string | undefined = process.env['KUBEBUILDER_ASSETS'];

/** For `describe.skipIf(NO_KUBE_API_SERVER)('… (needs KUBEBUILDER_ASSETS)')`. */
export const NO_KUBE_API_SERVER: boolean =
  KUBE_ASSETS === undefined || !PROGRAMS.every((program) => existsSync(join(KUBE_ASSETS, program)));

/** A state of etcd, to go back to. */
export interface EtcdSnapshot {
  readonly folder: string;
}

/** A real API server on a real etcd, of this test alone: RBAC, no controllers, no nodes. */
export interface KubeApiServer {
  /** Of the administrator `admin` (`system:masters`). */
  readonly kubeconfigPath: string;
  readonly url: string;
  readonly port: number;
  readonly client: KubeClient;
  readonly pid: number | undefined;
  /** A kubeconfig of another user, with no rights but those that RBAC grants. `server` replaces the address. */
  kubeconfigFor(user: string, groups?: readonly string[], server?: string): Promise<string>;
  /** Runs kubectl as the administrator; resolves with what it prints. */
  kubectl(commandLine: readonly string[], input?: string): Promise<string>;
  /** kill -9 of the API server; etcd goes on. */
  kill(): Promise<void>;
  /** Starts a killed API server again, at the same address. */
  start(): Promise<void>;
  /** {@link kill} and {@link start}. */
  restart(): Promise<void>;
  /** Ends everything and removes its files. */
  stop(): Promise<void>;
  readonly etcd: {
    /** Copies the data. The API server and etcd are stopped for it, and started again. */
    snapshot(): Promise<EtcdSnapshot>;
    /** Goes back to a snapshot, with the API server and etcd stopped meanwhile. */
    restore(snapshot: EtcdSnapshot): Promise<void>;
    /** kill -9; the API server goes on without it. */
    kill(): Promise<void>;
    start(): Promise<void>;
    /** Forgets all versions up to now, as happens every five minutes. */
    compact(): Promise<void>;
  };
}

/** Starts one; seconds. */
export async function startKubeApiServer(): Promise<KubeApiServer> {
  if (KUBE_ASSETS === undefined) throw new Error('KUBEBUILDER_ASSETS is not set');
  const folder = await mkdtemp(join(tmpdir(), 'kube-api-'));
  try {
    return await start(KUBE_ASSETS, folder);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function start(assets: string, folder: string): Promise<KubeApiServer> {
  const [port = 0, etcdPort = 0, peerPort = 0] = await freePorts(3);
  const authority = await CertificateAuthority.create(join(folder, 'pki'));
  const serving = await authority.issue('apiserver', '/CN=kube-apiserver', ['DNS:localhost', 'IP:127.0.0.1']);
  const admin = await authority.issue('admin', '/O=system:masters/CN=admin');
  const signing = await authority.signingKey('service-accounts');
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigPath = await writeKubeconfig(join(folder, 'admin.kubeconfig'), url, authority, admin);
  const dataFolder = join(folder, 'etcd');
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const etcd = new ControlPlaneProcess(
    join(assets, 'etcd'),
    etcdFlags(dataFolder, etcdUrl, `http://127.0.0.1:${peerPort}`),
    join(folder, 'etcd.log'),
    async () => (await fetch(`${etcdUrl}/health`)).ok,
  );
  const identity = {
    ca: await readFile(authority.certificate),
    cert: await readFile(admin.certificate),
    key: await readFile(admin.key),
  };
  const apiServer = new ControlPlaneProcess(
    join(assets, 'kube-apiserver'),
    apiServerFlags(port, etcdUrl, authority, serving, signing),
    join(folder, 'kube-apiserver.log'),
    () => answersOk(`${url}/readyz`, identity),
  );
  const client = KubeClient.fromConfig(kubeconfigPath, { writes: { perSecond: 1000, burst: 1000 } });

  const startAll = async (): Promise<void> => {
    await etcd.start();
    await apiServer.start();
  };
  const killAll = async (): Promise<void> => {
    await apiServer.kill();
    // With its signal handler, so that its files are whole.
    await etcd.kill('SIGTERM');
  };
  let users = 0;
  let snapshots = 0;
  await startAll();

  return {
    kubeconfigPath,
    url,
    port,
    client,
    get pid() {
      return apiServer.pid;
    },
    kubeconfigFor: async (user, groups = [], server = url) => {
      const name = `user-${++users}`;
      const subject = [...groups.map((group) => `/O=${group}`), `/CN=${user}`].join('');
      return writeKubeconfig(
        join(folder, `${name}.kubeconfig`),
        server,
        authority,
        await authority.issue(name, subject),
      );
    },
    kubectl: (commandLine, input) =>
      runProgram(join(assets, 'kubectl'), ['--kubeconfig', kubeconfigPath, ...commandLine], input),
    kill: () => apiServer.kill(),
    start: () => apiServer.start(),
    restart: async () => {
      await apiServer.kill();
      await apiServer.start();
    },
    stop: async () => {
      await client.close(true);
      await apiServer.kill();
      await etcd.kill();
      await rm(folder, { recursive: true, force: true });
    },
    etcd: {
      snapshot: async () => {
        const snapshot = { folder: join(folder, `snapshot-${++snapshots}`) };
        await killAll();
        await cp(dataFolder, snapshot.folder, { recursive: true });
        await startAll();
        return snapshot;
      },
      restore: async (snapshot) => {
        await killAll();
        await rm(dataFolder, { recursive: true });
        await cp(snapshot.folder, dataFolder, { recursive: true });
        await startAll();
      },
      kill: () => etcd.kill(),
      start: () => etcd.start(),
      compact: () => compact(etcdUrl),
    },
  };
}

function etcdFlags(dataFolder: string, clientUrl: string, peerUrl: string): string[] {
  return [
    `--data-dir=${dataFolder}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerFlags(
  port: number,
  etcdUrl: string,
  authority: CertificateAuthority,
  serving: CertificateFiles,
  signingKey: string,
): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--client-ca-file=${authority.certificate}`,
    `--tls-cert-file=${serving.certificate}`,
    `--tls-private-key-file=${serving.key}`,
    `--service-account-key-file=${signingKey}`,
    `--service-account-signing-key-file=${signingKey}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    // Nobody makes the service account "default" that it would ask of each pod.
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    '--shutdown-delay-duration=0s',
  ];
}

async function writeKubeconfig(
  path: string,
  server: string,
  authority: CertificateAuthority,
  user: CertificateFiles,
): Promise<string> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster: { server, 'certificate-authority': authority.certificate } }],
    users: [{ name: 'test', user: { 'client-certificate': user.certificate, 'client-key': user.key } }],
  };
  await writeFile(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

function answersOk(url: string, identity: { ca: Buffer; cert: Buffer; key: Buffer }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = get(url, { ...identity, agent: false, timeout: 5000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.on('error', reject).on('timeout', () => request.destroy(new Error('timeout')));
  });
}

async function compact(etcdUrl: string): Promise<void> {
  const call = async (path: string, body: object): Promise<{ header: { revision: string } }> => {
    const answer = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
    return (await answer.json()) as { header: { revision: string } };
  };
  const { header } = await call('range', { key: Buffer.from('/').toString('base64') });
  await call('compaction', { revision: header.revision, physical: true });
}

function runProgram(program: string, commandLine: readonly string[], input: string | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, commandLine, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`kubectl ${commandLine.slice(2).join(' ')}: ${stderr || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.end(input ?? '');
  });
}
