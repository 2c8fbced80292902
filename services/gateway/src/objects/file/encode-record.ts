import { CHECKSUM_ALGORITHMS, CHECKSUM_BYTES, type Checksum } from '../checksum.js';
import type { ObjectRecord } from './object-record.js';
import {
  COMPOSITE,
  CONTENT_TYPES,
  ETAG_IS_MD5,
  HAS_BODY,
  IDENTITY_IS_NUMBER,
  OTHER_TYPE,
  SPILLED,
  VERSION,
  type RecordBody,
} from './record-layout.js';

const MD5 = /^[0-9a-f]{32}$/;
const NUMBER = /^[1-9][0-9]{0,14}$/;
const MAX_TEXT = 255;
/** At least what a head without texts takes. */
const FIXED_BYTES = 96;

/** A record as it is stored. See {@link CONTENT_TYPES} and its neighbours for the layout. */
export function encodeRecord(record: ObjectRecord): Buffer {
  const contentType = record.headers['content-type'];
  const inHead = contentType !== undefined && Buffer.byteLength(contentType) <= MAX_TEXT;
  const raw = record.checksum && rawOf(record.checksum);
  const body: RecordBody = {};
  const headers = inHead ? withoutContentType(record.headers) : record.headers;
  if (hasFields(headers)) body.h = headers;
  if (hasFields(record.metadata)) body.m = record.metadata;
  if (record.tags.length > 0) body.t = record.tags;
  if (record.checksum && !raw) body.c = record.checksum.value;
  if (record.parts) body.p = record.parts;
  if (record.uploadId) body.u = record.uploadId;
  const hasBody = hasFields(body);
  const head = encodeHead(record, raw, inHead ? contentType : undefined, hasBody ? HAS_BODY : 0);
  return hasBody ? Buffer.concat([head, Buffer.from(JSON.stringify(body))]) : head;
}

/** The record that stands on the file where the whole one had to go to a sidecar file. */
export function encodeSpilledRecord(record: ObjectRecord): Buffer {
  return encodeHead(record, record.checksum && rawOf(record.checksum), undefined, SPILLED);
}

function encodeHead(
  record: ObjectRecord,
  raw: Buffer | undefined,
  contentType: string | undefined,
  flags: number,
): Buffer {
  const { identity, etag, checksum } = record;
  const md5 = MD5.test(etag);
  const number = NUMBER.test(identity);
  const texts = (md5 ? 0 : etag.length) + (number ? 0 : identity.length) + (contentType?.length ?? 0) * 3;
  const head = Buffer.allocUnsafe(FIXED_BYTES + texts);
  head[0] = VERSION;
  head[1] = flags | (md5 ? ETAG_IS_MD5 : 0) | (number ? IDENTITY_IS_NUMBER : 0);
  let at = writeNumber(head, record.size, 2);
  at = head.writeDoubleLE(record.mtimeMs, at);
  at = number ? writeNumber(head, Number(identity), at) : writeText(head, identity, at);
  at = md5 ? at + head.write(etag, at, 'hex') : writeText(head, etag, at);
  at = writeChecksum(head, checksum, raw, at);
  at = writeContentType(head, contentType, at);
  return head.subarray(0, at);
}

function writeChecksum(head: Buffer, checksum: Checksum | undefined, raw: Buffer | undefined, at: number): number {
  if (checksum === undefined) {
    head[at] = 0;
    return at + 1;
  }
  head[at] = (CHECKSUM_ALGORITHMS.indexOf(checksum.algorithm) + 1) | (checksum.type === 'COMPOSITE' ? COMPOSITE : 0);
  head[at + 1] = raw?.length ?? 0;
  return at + 2 + (raw?.copy(head, at + 2) ?? 0);
}

/** The bytes of a checksum whose text they are the only form of. */
function rawOf({ algorithm, value }: Checksum): Buffer | undefined {
  const raw = Buffer.from(value, 'base64');
  return raw.length === CHECKSUM_BYTES[algorithm] && raw.toString('base64') === value ? raw : undefined;
}

function writeContentType(head: Buffer, contentType: string | undefined, at: number): number {
  const place = contentType === undefined ? -1 : CONTENT_TYPES.indexOf(contentType);
  if (contentType === undefined || place >= 0) {
    head[at] = place + 1;
    return at + 1;
  }
  head[at] = OTHER_TYPE;
  return writeText(head, contentType, at + 1);
}

function writeText(head: Buffer, text: string, at: number): number {
  const length = head.write(text, at + 1);
  head[at] = length;
  return at + 1 + length;
}

function writeNumber(head: Buffer, value: number, at: number): number {
  let rest = value;
  // Division, since bits of a JavaScript number end at 32.
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) head[at++] = (rest % 0x80) | 0x80;
  head[at++] = rest;
  return at;
}

function withoutContentType(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'content-type': _, ...others } = headers;
  return others;
}

function hasFields(fields: object): boolean {
  for (const name in fields) if (Object.hasOwn(fields, name)) return true;
  return false;
}
