import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

/** Whether certificates can be made here. */
export function hasOpenssl(): boolean {
  return spawnSync('openssl', ['version']).status === 0;
}

/** A private authority's certificate of 127.0.0.1. */
export interface TestCertificate extends Disposable {
  readonly key: string;
  readonly certificate: string;
  /** The authority's certificate, to be trusted. */
  readonly caFile: string;
}

/** Makes an authority that nobody trusts, and a certificate by it. */
export function makeCertificate(): TestCertificate {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'certificate-'));
  const at = (name: string): string => path.join(folder, name);
  const openssl = (...parameters: string[]): void => void execFileSync('openssl', parameters, { stdio: 'pipe' });
  const fresh = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...fresh, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=Test authority');
  const signed = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-addext', 'subjectAltName=IP:127.0.0.1'];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE', '-subj', '/CN=upstream'];
  openssl('req', '-x509', ...fresh, ...signed, ...leaf, '-keyout', at('server.key'), '-out', at('server.pem'));
  return {
    key: fs.readFileSync(at('server.key'), 'utf8'),
    certificate: fs.readFileSync(at('server.pem'), 'utf8'),
    caFile: at('ca.pem'),
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}

/** Speaks TLS in front of a server that does not. */
export class TlsFront implements AsyncDisposable {
  /** Connections whose handshake succeeded. */
  connections = 0;
  private readonly open = new Set<net.Socket>();
  private readonly server: tls.Server;

  private constructor(behind: URL, { key, certificate }: TestCertificate) {
    this.server = tls.createServer({ key, cert: certificate }, (socket) => {
      this.connections++;
      const onward = net.connect(Number(behind.port), behind.hostname);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const) {
        this.open.add(one);
        one.on('error', () => other.destroy());
        one.on('close', () => this.open.delete(one));
        one.pipe(other);
      }
    });
    this.server.on('tlsClientError', () => undefined);
  }

  static async before(url: string, certificate: TestCertificate): Promise<TlsFront> {
    const front = new TlsFront(new URL(url), certificate);
    front.server.listen(0, '127.0.0.1');
    await once(front.server, 'listening');
    return front;
  }

  get origin(): string {
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.open) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
