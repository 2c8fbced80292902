import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OpenlistStorages } from './openlist-storages.js';
import { cleanPath, etagOf, type OpenlistMount, type OpenlistNode } from './openlist-tree.js';

/** OpenList's signed URLs: the bytes of a file, or a redirect to the drive that has them. */
export async function sendDownload(
  storages: OpenlistStorages,
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const path = cleanPath(decodeURIComponent(url.pathname.slice(2)));
  const sign = url.searchParams.get('sign') ?? '';
  const expiry = sign.slice(sign.lastIndexOf(':') + 1);
  if (expiry === '') return sendPage(response, 401, 'expire missing');
  const right = createHmac('sha256', token).update(`${path}:${expiry}`).digest('base64');
  if (sign !== `${right.replaceAll('+', '-').replaceAll('/', '_')}:${expiry}`) {
    return sendPage(response, 401, 'sign invalid');
  }
  let node: OpenlistNode;
  let mount: OpenlistMount;
  try {
    [mount] = storages.storageOf(path);
    node = await storages.find(path);
  } catch (error) {
    return sendPage(response, 500, (error as Error).message);
  }
  if (node.kind === 'folder') return sendPage(response, 500, 'not a file');
  if (mount.redirect !== undefined) {
    response.writeHead(302, { location: mount.redirect(path) }).end();
    return;
  }
  sendBytes(request, response, node.content, etagOf(node, mount.hash));
}

/** Answers a ranged read as OpenList and most drives do. */
export function sendBytes(request: IncomingMessage, response: ServerResponse, content: Buffer, etag: string): void {
  const ifMatch = request.headers['if-match'];
  if (ifMatch !== undefined && ifMatch !== `"${etag}"`) {
    response.writeHead(412).end();
    return;
  }
  const headers = { etag: `"${etag}"`, 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' };
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (range === null || content.length === 0) {
    response.writeHead(200, { ...headers, 'content-length': content.length }).end(content);
    return;
  }
  const start = Number(range[1]);
  const end = range[2] === '' ? content.length : Math.min(content.length, Number(range[2]) + 1);
  if (start >= content.length) {
    response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  response
    .writeHead(206, {
      ...headers,
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${content.length}`,
    })
    .end(content.subarray(start, end));
}

function sendPage(response: ServerResponse, status: number, message: string): void {
  response
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
    .end(`<!DOCTYPE html><html><body><h1>Error</h1><p>${message}</p></body></html>`);
}
