import { CHECKSUM_ALGORITHMS, type Checksum, type ChecksumAlgorithm } from '../checksum.js';
import type { ObjectRecord, RecordHead, RecordedParts } from './object-record.js';
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

const MD5_BYTES = 16;

/** Reads what listings need, or undefined for what is damaged or of a version that this gateway does not know. */
export function decodeRecordHead(stored: Buffer): RecordHead | undefined {
  return new RecordReader(stored).head();
}

/** Reads a whole record; undefined for what is damaged, which then counts as no record. */
export function decodeRecord(stored: Buffer): ObjectRecord | undefined {
  return new RecordReader(stored).record();
}

/** Reads one record from its start. What is cut short reads as damaged, never beyond the buffer. */
class RecordReader {
  private at = 2;
  private readonly flags: number;

  constructor(private readonly stored: Buffer) {
    this.flags = stored[1] ?? 0;
  }

  head(): RecordHead | undefined {
    const { stored } = this;
    if (stored.length < 2 || stored[0] !== VERSION) return undefined;
    const size = this.number();
    if (this.at + 8 > stored.length) return undefined;
    const mtimeMs = stored.readDoubleLE(this.at);
    this.at += 8;
    const identity = this.flags & IDENTITY_IS_NUMBER ? String(this.number()) : this.text();
    const etag = this.flags & ETAG_IS_MD5 ? this.hex(MD5_BYTES) : this.text();
    const kind = stored[this.at++];
    if (kind === undefined || this.at > stored.length) return undefined;
    const head = { size, mtimeMs, identity, etag, spilled: (this.flags & SPILLED) !== 0 };
    if (kind === 0) return head;
    const algorithm: ChecksumAlgorithm | undefined = CHECKSUM_ALGORITHMS[(kind & ~COMPOSITE) - 1];
    if (algorithm === undefined) return undefined;
    return { ...head, checksumAlgorithm: algorithm, checksumType: kind & COMPOSITE ? 'COMPOSITE' : 'FULL_OBJECT' };
  }

  record(): ObjectRecord | undefined {
    const head = this.head();
    if (head === undefined || head.spilled) return undefined;
    const raw = head.checksumAlgorithm && this.bytes(this.stored[this.at++] ?? 0).toString('base64');
    const contentType = this.contentType();
    if (this.at > this.stored.length) return undefined;
    const body = this.body();
    if (body === undefined) return undefined;
    const { size, mtimeMs, identity, etag, checksumAlgorithm: algorithm, checksumType: type } = head;
    const checksum: Checksum | undefined = algorithm && type && { algorithm, type, value: body.c ?? raw ?? '' };
    return {
      size,
      mtimeMs,
      identity,
      etag,
      headers: contentType === undefined ? (body.h ?? {}) : { 'content-type': contentType, ...body.h },
      metadata: body.m ?? {},
      tags: body.t ?? [],
      ...(checksum && { checksum }),
      ...(body.p !== undefined && { parts: body.p as RecordedParts }),
      ...(body.u && { uploadId: body.u }),
    };
  }

  private contentType(): string | undefined {
    const place = this.stored[this.at++] ?? 0;
    return place === OTHER_TYPE ? this.text() : CONTENT_TYPES[place - 1];
  }

  private body(): RecordBody | undefined {
    if (!(this.flags & HAS_BODY)) return {};
    try {
      return JSON.parse(this.stored.toString('utf8', this.at)) as RecordBody;
    } catch {
      return undefined;
    }
  }

  private number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.stored[this.at++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80 || scale > Number.MAX_SAFE_INTEGER) return value;
    }
  }

  private text(): string {
    const length = this.stored[this.at++] ?? 0;
    return this.bytes(length).toString('utf8');
  }

  /** A listing reads a thousand of these: no view is made of the bytes. */
  private hex(count: number): string {
    const start = this.at;
    this.at += count;
    return this.stored.toString('hex', start, this.at);
  }

  private bytes(count: number): Buffer {
    const start = this.at;
    this.at += count;
    return this.stored.subarray(start, this.at);
  }
}
