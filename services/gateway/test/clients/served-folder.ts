import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GatewayProcess } from '../process/gateway-process.js';

/** A gateway process of two workers over a new folder with one bucket, as `bucketway serve` starts it. */
export class ServedFolder implements AsyncDisposable {
  readonly bucket = 'clients';
  readonly accessKeyId = 'CLIENTSACCESSKEY';
  readonly secretAccessKey = 'clients/secret+key/of/the/tests';
  readonly region = 'us-east-1';

  private constructor(
    readonly folder: string,
    private readonly gateway: GatewayProcess,
  ) {}

  static async start(): Promise<ServedFolder> {
    const folder = mkdtempSync(join(tmpdir(), 'bucketway-clients-'));
    mkdirSync(join(folder, 'clients'));
    const keys = ['--access-key', 'CLIENTSACCESSKEY', '--secret-key', 'clients/secret+key/of/the/tests'];
    return new ServedFolder(folder, await GatewayProcess.start([folder, '--port', '0', '--workers', '2', ...keys]));
  }

  get endpoint(): string {
    return `http://${this.gateway.address}`;
  }

  get port(): number {
    return Number(new URL(this.endpoint).port);
  }

  /** The bytes of the file that an object is. */
  onDisk(key: string): Buffer {
    return readFileSync(join(this.folder, this.bucket, key));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** A key with what clients encode each in their own way. */
export const ODD_KEY = 'names/ünï cøde & (spaces)/+plus=%25 #?~!*\'".txt';

/** Bytes that differ from place to place, so that parts in the wrong order are noticed. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 12)) & 0xff;
  return bytes;
}
