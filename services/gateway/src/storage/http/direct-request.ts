import http, { type IncomingMessage } from 'node:http';
import type { DirectReadsAgent } from './direct-reads-agent.js';

/** A GET whose answer is read off its connection. */
export interface DirectRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: DirectReadsAgent;
  readonly connectTimeoutMs: number;
  /** For the answer's head. */
  readonly headersTimeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Sends a GET of plain http and gives the head of its answer. Its connection serves no other request. */
export function sendDirectly(direct: DirectRequest): Promise<IncomingMessage> {
  const { url, headers, agent, connectTimeoutMs, headersTimeoutMs, signal } = direct;
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent, headers, ...(signal && { signal }) });
    const fail = (code: string): void => void request.destroy(Object.assign(new Error(code), { code }));
    let timer = setTimeout(fail, connectTimeoutMs, 'UND_ERR_CONNECT_TIMEOUT');
    const connected = (): void => {
      clearTimeout(timer);
      timer = setTimeout(fail, headersTimeoutMs, 'UND_ERR_HEADERS_TIMEOUT');
    };
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once('connect', connected);
      else connected();
    });
    request.once('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    // Also behind the head, where the answer's own error says the same.
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
