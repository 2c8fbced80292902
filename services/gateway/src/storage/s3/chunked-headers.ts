import { checksumHeader } from '../../objects/checksum.js';
import type { OutgoingBody } from './outgoing-body.js';

/** What a request says of a body with a trailer (Amazon S3 user guide, "Streaming uploads with unsigned payload and trailer"). */
export function chunkedHeaders(body: OutgoingBody): (headers: Record<string, string>) => void {
  return (headers) => {
    if (body.trailer === undefined) return;
    const encoding = headers['content-encoding'];
    headers['content-encoding'] = encoding === undefined ? 'aws-chunked' : `aws-chunked,${encoding}`;
    headers['x-amz-content-sha256'] = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
    headers['x-amz-decoded-content-length'] = String(body.bytes);
    headers['x-amz-trailer'] = checksumHeader(body.trailer);
  };
}
