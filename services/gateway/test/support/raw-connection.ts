import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  /** Name and value of each header line, in order, names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** The `Code` of an S3 error document; empty where there is none. */
  readonly code: string;
  /** The value of the first header of a name. */
  readonly header: (name: string) => string | undefined;
}

/** A connection that sends any bytes and reads answers: what a client library would tidy, refuse or hide stays as it is. */
export class RawConnection implements AsyncDisposable {
  private chunks: Buffer[] = [];
  private ended = false;
  private readonly waiting = new Set<() => void>();

  private constructor(readonly socket: Socket) {
    socket.on('data', (data) => {
      this.chunks.push(data);
      this.wake();
    });
    const end = (): void => {
      this.ended = true;
      this.wake();
    };
    socket.on('error', end).on('end', end).on('close', end);
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  /** Text goes out as latin1, so that each character is one byte. */
  write(bytes: string | Buffer): this {
    if (!this.socket.destroyed) this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** The next answer, interim ones (1xx) included. @param method of the request, since answers to HEAD have no body */
  async response(method = 'GET'): Promise<RawResponse> {
    await this.until(() => this.received.includes('\r\n\r\n'));
    const end = this.received.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = this.received.toString('latin1', 0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]);
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const header = (name: string): string | undefined => headers.find(([of]) => of === name)?.[1];
    const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
    const length = bodiless ? 0 : Number(header('content-length') ?? 0);
    const from = end + 4;
    await this.until(() => this.received.length >= from + length);
    const body = Buffer.from(this.received.subarray(from, from + length));
    this.chunks = [this.received.subarray(from + length)];
    return { status, headers, body, header, code: /<Code>(\w+)<\/Code>/.exec(body.toString())?.[1] ?? '' };
  }

  /** Resolves when the gateway has closed the connection. */
  async closed(): Promise<void> {
    while (!this.ended) await this.more();
  }

  /** What has come and was not read as a response. */
  get leftover(): Buffer {
    return this.received;
  }

  private get received(): Buffer {
    if (this.chunks.length !== 1) this.chunks = [Buffer.concat(this.chunks)];
    return this.chunks[0] as Buffer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.closed();
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.ended) throw new Error(`The connection was closed behind: ${this.received.toString('latin1', 0, 500)}`);
      await this.more();
    }
  }

  private more(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.add(resolve);
    });
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }
}

/** Sends bytes over a connection of their own and reads one answer. */
export async function exchangeBytes(port: number, bytes: string | Buffer, method?: string): Promise<RawResponse> {
  await using connection = await RawConnection.open(port);
  return await connection.write(bytes).response(method);
}
