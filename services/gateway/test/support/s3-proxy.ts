import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came through. */
export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/** What is done to a request instead of forwarding it. */
export type Fault = (request: IncomingMessage, response: ServerResponse, forward: Forward) => void;

/** Sends a request on and gives the server's answer, whose bytes are up to the caller. */
export type Forward = () => Promise<IncomingMessage>;

/** Stands before a server and misbehaves when told. Signatures hold: the host stays as the client has named it. */
export class S3Proxy implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  private readonly faults: { readonly matches: (request: IncomingMessage) => boolean; left: number; fault: Fault }[] =
    [];
  private readonly server = http.createServer((request, response) => this.take(request, response));

  private constructor(private readonly upstream: URL) {
    // Bodies are asked for only by who wants them.
    this.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      response.writeContinue();
      this.take(request, response);
    });
  }

  static async before(endpoint: string): Promise<S3Proxy> {
    const proxy = new S3Proxy(new URL(endpoint));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Does something to the next requests of a method. */
  fail(method: string, fault: Fault, times = 1): void {
    this.faults.push({ matches: (request) => request.method === method, left: times, fault });
  }

  /** Forgets faults and requests. */
  reset(): void {
    this.faults.length = 0;
    this.seen.length = 0;
  }

  count(method: string): number {
    return this.seen.filter((request) => request.method === method).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = request;
    this.seen.push({ method, url, headers });
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    const found = this.faults.find(({ matches, left }) => left > 0 && matches(request));
    const forward = (): Promise<IncomingMessage> => this.forward(request);
    if (found === undefined) void passOn(forward, response);
    else {
      found.left -= 1;
      found.fault(request, response, forward);
    }
  }

  private forward(request: IncomingMessage): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { host, port } = { host: this.upstream.hostname, port: this.upstream.port };
      const { expect: _, ...headers } = request.headers;
      const onward = http.request({ host, port, method: request.method, path: request.url, headers, agent: false });
      onward.once('response', resolve);
      onward.once('error', reject);
      request.on('aborted', () => onward.destroy());
      request.pipe(onward);
    });
  }
}

async function passOn(forward: Forward, response: ServerResponse): Promise<void> {
  try {
    const answer = await forward();
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  } catch {
    response.destroy();
  }
}

/** Answers with a status, and a code as S3 writes it. */
export function answerWith(status: number, code: string, headers: Record<string, string> = {}): Fault {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/xml', ...headers });
    response.end(request.method === 'HEAD' ? '' : `<Error><Code>${code}</Code><Message/></Error>`);
  };
}

/** Says nothing. */
export const stall: Fault = (request) => void request.resume();

/** Answers with a byte now and then. */
export function drip(status: number): Fault {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/xml' });
    const timer = setInterval(() => response.write(' '), 20);
    response.once('close', () => clearInterval(timer));
  };
}

/** Passes on an answer whose headers, and perhaps framing, are changed. */
export function changeAnswer(
  change: (headers: http.IncomingHttpHeaders, response: ServerResponse) => unknown,
  body?: string,
): Fault {
  return (_request, response, forward) => void sendChanged(response, forward, change, body);
}

async function sendChanged(
  response: ServerResponse,
  forward: Forward,
  change: (headers: http.IncomingHttpHeaders, response: ServerResponse) => unknown,
  body: string | undefined,
): Promise<void> {
  const answer = await forward();
  const headers = { ...answer.headers };
  change(headers, response);
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
  response.writeHead(answer.statusCode ?? 500, headers);
  if (body === undefined) answer.pipe(response);
  else {
    answer.resume();
    response.end(body);
  }
}

/** Passes on the head of an answer and so many bytes of its body, then cuts the connection. */
export function cutAnswer(bytes: number): Fault {
  return (_request, response, forward) => void sendPart(response, forward, bytes);
}

async function sendPart(response: ServerResponse, forward: Forward, bytes: number): Promise<void> {
  const answer = await forward();
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  let left = bytes;
  answer.on('error', () => undefined);
  answer.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    response.write(chunk.subarray(0, left), () => left <= 0 && response.destroy());
    left -= chunk.length;
  });
}

/** Takes so many bytes of a request, then cuts the connection, to both sides. */
export function cutRequest(bytes: number): Fault {
  return (request, _response, forward) => {
    let left = bytes;
    request.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left <= 0) request.destroy();
    });
    forward().catch(() => undefined);
  };
}

/** Passes on the head of an answer and so many bytes of its body, and then nothing more. */
export function stallAfter(bytes: number): Fault {
  return (_request, response, forward) => void sendStart(response, forward, bytes);
}

async function sendStart(response: ServerResponse, forward: Forward, bytes: number): Promise<void> {
  const answer = await forward();
  response.writeHead(answer.statusCode ?? 500, answer.headers);
  let left = bytes;
  answer.on('data', (chunk: Buffer) => {
    response.write(chunk.subarray(0, left));
    left = Math.max(0, left - chunk.length);
  });
}
