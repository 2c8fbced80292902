import { createHash, createHmac } from 'node:crypto';
import type { Hash, Hmac } from 'node:crypto';
import { OPERATOR_USER_AGENT } from '@bucketway/contract';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { Agent } from 'undici';
import { urlHost } from './gateway-pod.js';
import type { GatewayPod } from './gateway-pod.js';

/** A storage that hangs must not fill a gateway with requests of the operator. */
const CONNECTIONS_A_POD = 16;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** A key pair as a client would use it. */
export interface RequestKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** An S3 request without a body. */
export interface SignedRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Absolute and percent-encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** An answer, read whole. */
export interface SignedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends requests to the S3 port of single gateways, signed (SigV4) with a client's key, or anonymous without one. */
export class SignedRequests {
  private readonly agent: Agent;

  constructor(private readonly options: { readonly port: number; readonly tls: boolean; readonly region: string }) {
    // A pod is asked by its address, which no certificate names.
    this.agent = new Agent({
      connect: { rejectUnauthorized: false },
      maxResponseSize: MAX_ANSWER_BYTES,
      connections: CONNECTIONS_A_POD,
    });
  }

  /** @throws Error where no answer came in time */
  async send(pod: GatewayPod, request: SignedRequest, key: RequestKey | undefined): Promise<SignedAnswer> {
    const { port, tls } = this.options;
    const host = urlHost(pod);
    const query = { ...request.query };
    const unsigned = new HttpRequest({
      method: request.method,
      protocol: tls ? 'https:' : 'http:',
      hostname: host,
      port,
      path: request.path,
      query,
      headers: { ...request.headers, host: `${host}:${port}`, 'user-agent': OPERATOR_USER_AGENT },
    });
    const { headers } = key === undefined ? unsigned : await this.sign(unsigned, key);
    const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
    const {
      statusCode,
      headers: answered,
      body,
    } = await this.agent.request({
      origin: `${unsigned.protocol}//${host}:${port}`,
      path: search === '' ? request.path : `${request.path}?${search}`,
      method: request.method,
      headers,
      signal: AbortSignal.timeout(request.timeoutMs),
    });
    return { status: statusCode, headers: answered, body: await body.text() };
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async sign(request: HttpRequest, credentials: RequestKey): Promise<{ headers: Record<string, string> }> {
    const signer = new SignatureV4({
      service: 's3',
      region: this.options.region,
      credentials,
      sha256: Sha256,
      uriEscapePath: false,
      applyChecksum: true,
    });
    return await signer.sign(request);
  }
}

/** SHA-256 in the shape that the signer takes. */
class Sha256 {
  private readonly hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytes(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
}
