import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';

/** What goes wrong with a request. */
export type Fault =
  /** An answer that the server behind never gave. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: http.OutgoingHttpHeaders;
      readonly body?: string;
    }
  /** The connection breaks after so many bytes of the answer's body; the head announces all of them. */
  | { readonly kind: 'cut-answer'; readonly after: number }
  /** The answer's body has so many bytes, and its head says no more. */
  | { readonly kind: 'short-answer'; readonly length: number }
  /** The connection breaks after so many bytes of the request's body; the server behind sees that too. */
  | { readonly kind: 'cut-request'; readonly after: number }
  /** The request is done, and the connection breaks before its answer. */
  | { readonly kind: 'lost-answer' }
  /** Nothing more comes after so many bytes of the answer's body; without a number not even the head. */
  | { readonly kind: 'stall'; readonly after?: number }
  /** The request's body is not read. */
  | { readonly kind: 'deaf' };

/** Which requests a fault is for. */
export interface FaultRule {
  readonly method?: string;
  /** Of the request target. */
  readonly path?: RegExp;
  /** Requests that it strikes; one unless given. */
  readonly times?: number;
  readonly fault: Fault;
}

/** A proxy before a server of files that misbehaves as it is told. */
export interface FaultProxy {
  readonly url: string;
  /** Requests that came, as `METHOD /target`. */
  readonly seen: string[];
  /** From now on. */
  inject(rule: FaultRule): void;
  /** Nothing goes wrong any more. */
  heal(): void;
  stop(): Promise<void>;
}

/** @param target origin of the server behind */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  let rules: { rule: FaultRule; left: number }[] = [];
  const seen: string[] = [];
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const match = rules.find(({ rule, left }) => left > 0 && strikes(rule, request));
    if (match) match.left -= 1;
    forward(target, agent, request, response, match?.rule.fault);
  });
  server.on('checkContinue', (request, response) => server.emit('request', request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    inject: (rule) => void rules.push({ rule, left: rule.times ?? 1 }),
    heal: () => void (rules = []),
    stop: async () => {
      agent.destroy();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function strikes({ method, path }: FaultRule, request: http.IncomingMessage): boolean {
  return (method === undefined || method === request.method) && (path === undefined || path.test(request.url ?? ''));
}

function forward(
  target: string,
  agent: http.Agent,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  fault: Fault | undefined,
): void {
  if (fault?.kind === 'answer') {
    request.resume();
    request.once('end', () => response.writeHead(fault.status, fault.headers).end(fault.body));
    return;
  }
  if (fault?.kind === 'deaf') return;
  const { method, headers } = request;
  // Destination names the server that was asked, which is this one.
  const destination = headers.destination;
  if (typeof destination === 'string') headers.destination = new URL(new URL(destination).pathname, target).href;
  const onward = http.request(new URL(request.url ?? '/', target), {
    agent,
    method: method ?? 'GET',
    headers: { ...headers, host: new URL(target).host },
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => {
    if (!response.writableFinished) onward.destroy();
  });
  onward.on('response', (answer) => relay(answer, response, fault));
  if (fault?.kind === 'cut-request') {
    request
      .pipe(
        breakingAfter(fault.after, () => {
          onward.destroy();
          request.destroy();
        }),
      )
      .pipe(onward);
  } else request.pipe(onward);
}

function relay(answer: http.IncomingMessage, response: http.ServerResponse, fault: Fault | undefined): void {
  if (fault?.kind === 'lost-answer') {
    answer.resume();
    response.destroy();
    return;
  }
  if (fault?.kind === 'stall' && fault.after === undefined) return void answer.resume();
  const headers = { ...answer.headers };
  if (fault?.kind === 'short-answer') headers['content-length'] = String(fault.length);
  response.writeHead(answer.statusCode ?? 500, headers);
  if (fault?.kind === 'cut-answer') answer.pipe(breakingAfter(fault.after, () => response.destroy())).pipe(response);
  else if (fault?.kind === 'short-answer') {
    answer.pipe(breakingAfter(fault.length, () => response.end())).pipe(response, { end: false });
  } else if (fault?.kind === 'stall')
    answer.pipe(breakingAfter(fault.after ?? 0, () => undefined)).pipe(response, { end: false });
  else answer.pipe(response);
}

/** Lets so many bytes through, drops the rest, and then does something. */
function breakingAfter(bytes: number, then: () => void): Transform {
  let left = bytes;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = left;
      left = Math.max(0, left - chunk.length);
      done(null, before > 0 ? chunk.subarray(0, before) : undefined);
      // Once what came through is on its way.
      if (before > 0 && left === 0) setImmediate(then);
    },
  });
}
