import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { S3Error } from '../errors/s3-error.js';
import { errorDocument } from '../xml/error-document.js';
import { HOST_ID, newRequestId } from './request-id.js';

/** The answer that Node writes to a socket now; it has no public name, and Node's own handler of these errors goes by it. */
type HttpSocket = Socket & { readonly _httpMessage?: ServerResponse | null };

/** Answers what is not HTTP, which never becomes a request, as an S3 error, and closes the connection. */
export function answerBrokenRequests(server: Server): void {
  const closing = new WeakSet<Socket>();
  server.removeAllListeners('clientError');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (closing.has(socket)) return;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy(error);
      return;
    }
    const earlier = answerUnderWay(socket);
    if (earlier !== undefined) {
      closing.add(socket);
      earlier.once('close', () => socket.destroy());
      return;
    }
    const body = errorDocument(toS3Error(error.code), '/', newRequestId(), HOST_ID);
    socket.end(
      `HTTP/1.1 400 Bad Request\r\nContent-Type: application/xml\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
  });
}

/** The answer to an earlier request that is on its way: another one would become part of it, or be taken for it. */
function answerUnderWay({ _httpMessage: response }: HttpSocket): ServerResponse | undefined {
  return response && (response.headersSent || response.req.complete) ? response : undefined;
}

function toS3Error(code: string | undefined): S3Error {
  if (code === 'HPE_HEADER_OVERFLOW') return new S3Error('RequestHeaderSectionTooLarge');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new S3Error('RequestTimeout');
  return new S3Error('BadRequest', { message: 'The request is not valid HTTP.' });
}
