import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeProgram } from '../support/node-program.js';

const BIN = fileURLToPath(new URL('../../bin/bucketway-operator.js', import.meta.url));

describe('an operator that has not read the cluster yet', () => {
  let folder: string;
  let server: Server;
  const sockets = new Set<Socket>();
  let program: NodeProgram | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'first-read-'));
    server = createServer((socket) => sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(async () => {
    await program?.end('SIGKILL');
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  async function launch(protocol: 'http' | 'https', leaderElection: object): Promise<NodeProgram> {
    const api = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const kubeconfig = join(folder, 'kubeconfig');
    const configuration = join(folder, 'operator.yaml');
    await writeFile(
      kubeconfig,
      JSON.stringify({
        'current-context': 'silent',
        contexts: [{ name: 'silent', context: { cluster: 'silent', user: 'silent' } }],
        clusters: [{ name: 'silent', cluster: { server: api, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'silent', user: {} }],
      }),
    );
    await writeFile(
      configuration,
      JSON.stringify({
        namespace: 'bucketway',
        endpoint: 'http://bucketway.svc:9000',
        documents: { name: 'bw' },
        gateways: { selector: 'a=b' },
        policy: {
          rules: [{ namespaces: { names: ['*'] }, paths: [{ prefix: '/' }], defaultPath: '/{namespace}/{name}' }],
        },
        listen: '127.0.0.1:0',
        leaderElection,
      }),
    );
    const asked = once(server, 'connection');
    program = new NodeProgram(BIN, ['--config', configuration, '--kubeconfig', kubeconfig]);
    await Promise.race([asked, program.ended]);
    return program;
  }

  // Shorter than what undici waits for a connection: the process must not outlive its end by that either.
  it.each([
    ['gives no answer', 'http', {}],
    ['gives no answer, without leader election', 'http', { enabled: false }],
    ['never ends the handshake', 'https', {}],
  ] as const)(
    'ends at once on SIGTERM, while the API server %s',
    async (_, protocol, leaderElection) => {
      const running = await launch(protocol, leaderElection);
      const told = performance.now();
      expect(await running.end('SIGTERM'), running.output).toBe(0);
      expect(performance.now() - told).toBeLessThan(5000);
    },
    30_000,
  );
});
