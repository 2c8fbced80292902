import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Files of one certificate. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** A certificate authority in a folder, made with the openssl command. */
export class CertificateAuthority {
  private constructor(private readonly folder: string) {}

  static async create(folder: string): Promise<CertificateAuthority> {
    await mkdir(folder, { recursive: true });
    const authority = new CertificateAuthority(folder);
    const { certificate, key } = authority.files('ca');
    await openssl('req', '-x509', '-days', '2', '-subj', '/CN=test-ca', ...newKey(key), '-out', certificate);
    return authority;
  }

  get certificate(): string {
    return this.files('ca').certificate;
  }

  /** @param subject Like `/O=system:masters/CN=admin`. */
  async issue(name: string, subject: string, alternativeNames: readonly string[] = []): Promise<CertificateFiles> {
    const files = this.files(name);
    const extensions = join(this.folder, `${name}.cnf`);
    const names = alternativeNames.length > 0 ? `subjectAltName=${alternativeNames.join(',')}\n` : '';
    await writeFile(extensions, `${names}extendedKeyUsage=serverAuth,clientAuth\n`);
    const request = join(this.folder, `${name}.csr`);
    await openssl('req', '-subj', subject, ...newKey(files.key), '-out', request);
    const ca = this.files('ca');
    const signing = ['-CA', ca.certificate, '-CAkey', ca.key, '-CAcreateserial', '-extfile', extensions];
    await openssl('x509', '-req', '-days', '2', '-in', request, ...signing, '-out', files.certificate);
    return files;
  }

  /** A key for signing the tokens of service accounts. */
  async signingKey(name: string): Promise<string> {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { key } = this.files(name);
    await writeFile(key, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
    return key;
  }

  private files(name: string): CertificateFiles {
    return { certificate: join(this.folder, `${name}.crt`), key: join(this.folder, `${name}.key`) };
  }
}

function newKey(path: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', path];
}

async function openssl(...commandLine: string[]): Promise<void> {
  await run('openssl', commandLine);
}
