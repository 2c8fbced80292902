import type { HttpAnswer } from '../http/http-exchange.js';
import type { RemoteEntry } from '../remote/remote-entry.js';
import { toIdentity } from './to-remote-entry.js';

/**
 * Whether the answer to a GET is not of the version that an entry describes. Of the server's own answers everything counts; where
 * another gives the bytes, only their number does.
 */
export function hasChanged({ status, headers, foreign }: HttpAnswer, entry: RemoteEntry): boolean {
  const total = status === 206 ? totalOf(one(headers['content-range'])) : lengthOf(one(headers['content-length']));
  if (total !== undefined && total !== entry.size) return true;
  if (foreign) return false;
  const etag = one(headers.etag);
  if (etag !== undefined && entry.identity !== '' && toIdentity(etag) !== entry.identity) return true;
  const modified = Date.parse(one(headers['last-modified']) ?? '');
  return !Number.isNaN(modified) && entry.mtimeMs !== 0 && modified !== Math.floor(entry.mtimeMs / 1000) * 1000;
}

function totalOf(contentRange: string | undefined): number | undefined {
  return lengthOf(/^bytes \d+-\d+\/(\d+)$/.exec(contentRange ?? '')?.[1]);
}

function lengthOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
