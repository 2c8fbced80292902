import type { ObjectReader } from '../objects/object-store.js';

/** Bytes that are pulled from a store while they are sent. The operation states the length in `Content-Length`; the responder closes the reader, whatever happens. */
export interface StreamedBody {
  readonly length: number;
  readonly reader: ObjectReader;
}

/**
 * What an operation answers with. Headers are a flat list `[name, value, name, value, …]`, the form that Node writes
 * without rebuilding it; names keep S3's spelling.
 */
export interface S3Response {
  readonly status: number;
  readonly headers: string[];
  /** A string is an XML document (sent with its content type), a Buffer or a stream is sent as it is. */
  readonly body?: string | Buffer | StreamedBody;
}
