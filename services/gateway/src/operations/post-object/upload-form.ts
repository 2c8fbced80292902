import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy, type BusboyInstance } from '@fastify/busboy';
import { DEFAULT_IDLE_TIMEOUT } from '../../body/upload-body.js';
import { S3Error } from '../../errors/s3-error.js';
import type { S3Request } from '../../http/s3-request.js';

/** S3 takes so many bytes of names and values before the file (Amazon S3 API reference, "POST Object"). */
const MAX_FIELD_BYTES = 20 * 1024;
/** The same with boundaries and part headers, and with parts that have no name and would count nowhere else. */
const MAX_PREAMBLE_BYTES = 128 * 1024;
const MAX_FIELDS = 200;

/** The fields of a form by lower-case name: S3 compares names without case. A client's names, so a Map. */
export type FormFields = ReadonlyMap<string, string>;

/** A multipart/form-data upload, read up to the first byte of its file. */
export interface UploadForm {
  readonly fields: FormFields;
  /** Without the folders that some browsers send with it; empty where the part names none. */
  readonly filename: string;
  /** Fails with `IncompleteBody` where the form ends early. */
  readonly file: Readable;
  /** Leaves the rest of the form in the connection, unread: for a form that is refused. */
  abandon(): void;
}

/**
 * Reads a form up to its file, which must be its last field: S3 ignores what comes behind it.
 *
 * @throws S3Error `PreconditionFailed` for another content type, `MalformedPOSTRequest`, `InvalidArgument` without a file
 *   or with a repeated field, `MaxPostPreDataLengthExceededError`, `IncompleteBody`, `RequestTimeout`
 * @param idleTimeout milliseconds without a byte after which the client is given up
 */
export function readUploadForm(request: S3Request, idleTimeout = DEFAULT_IDLE_TIMEOUT): Promise<UploadForm> {
  const parser = createParser(request.headers.get('content-type') ?? '');
  request.sendContinue();
  return new Promise((resolve, reject) => new FormReader(request.raw, parser, resolve, reject, idleTimeout).start());
}

function createParser(contentType: string): BusboyInstance {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) {
    throw new S3Error('PreconditionFailed', {
      message: 'Bucket POST must be of the enclosure-type multipart/form-data',
      details: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
    });
  }
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      // By the name alone: several clients give every part a file name, or the file none.
      isPartAFile: (name) => name?.toLowerCase() === 'file',
      limits: { fields: MAX_FIELDS, fieldSize: MAX_FIELD_BYTES, files: 1, headerPairs: 20, headerSize: 8 * 1024 },
    });
  } catch (cause) {
    throw new S3Error('MalformedPOSTRequest', { cause });
  }
}

/** Gathers fields until the file begins, then leaves the rest of the form to the file's reader. */
class FormReader {
  private readonly fields = new Map<string, string>();
  private fieldBytes = 0;
  private preambleBytes = 0;
  private file: Readable | undefined;
  private idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly source: IncomingMessage,
    private readonly parser: BusboyInstance,
    private readonly resolve: (form: UploadForm) => void,
    private readonly reject: (error: unknown) => void,
    private readonly idleTimeout: number,
  ) {}

  start(): void {
    const { source, parser } = this;
    this.idle = setTimeout(() => this.fail(new S3Error('RequestTimeout')), this.idleTimeout);
    source.on('data', this.countPreamble);
    // A client that goes away ends the request with neither "end" nor, always, "error".
    source.once('close', () => {
      if (!source.complete) this.fail(incomplete());
    });
    source.on('error', (cause) => this.fail(incomplete(cause)));
    parser.on('field', (name, value, nameTruncated, valueTruncated) => {
      if (nameTruncated || valueTruncated) this.fail(fieldsTooLarge());
      else this.addField(name, value);
    });
    parser.on('file', (_name, file, filename) => this.begin(file, filename as string | undefined));
    parser.once('fieldsLimit', () => this.fail(fieldsTooLarge()));
    parser.on('error', (cause) => this.fail(source.complete ? malformed(cause) : incomplete(cause)));
    parser.once('finish', () => {
      if (this.file === undefined) this.fail(fileMissing());
    });
    source.pipe(parser);
  }

  private readonly countPreamble = (chunk: Buffer): void => {
    this.idle?.refresh();
    if (this.file === undefined && this.preambleBytes > MAX_PREAMBLE_BYTES) this.fail(fieldsTooLarge());
    this.preambleBytes += chunk.length;
  };

  private addField(name: string | undefined, value: string): void {
    // Behind the file, or without a name: S3 ignores it.
    if (this.file !== undefined || name === undefined) return;
    const key = name.toLowerCase();
    this.fieldBytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    if (this.fieldBytes > MAX_FIELD_BYTES) this.fail(fieldsTooLarge());
    else if (this.fields.has(key)) {
      // Or the policy would be checked on one value and the other obeyed.
      this.fail(S3Error.invalidArgument(name, value, `The form field ${name} must not be repeated.`));
    } else this.fields.set(key, value);
  }

  private begin(file: Readable, filename: string | undefined): void {
    this.file = file;
    // Who reads the file has a limit of its own.
    clearTimeout(this.idle);
    this.source.off('data', this.countPreamble);
    // The parser reports a form that breaks off by an event alone. A destroyed stream also tells a reader that comes later.
    file.on('error', (cause) => file.destroy(incomplete(cause)));
    const abandon = (): void => void this.source.unpipe(this.parser);
    this.resolve({ fields: this.fields, filename: filename ?? '', file, abandon });
  }

  private fail(error: S3Error): void {
    clearTimeout(this.idle);
    this.source.off('data', this.countPreamble);
    this.source.unpipe(this.parser);
    this.file?.destroy(error);
    this.reject(error);
  }
}

function fieldsTooLarge(): S3Error {
  return new S3Error('MaxPostPreDataLengthExceededError', {
    details: { MaxPostPreDataLengthBytes: String(MAX_FIELD_BYTES) },
  });
}

function fileMissing(): S3Error {
  return S3Error.invalidArgument('file', '0', 'POST requires exactly one file upload per request.');
}

function malformed(cause: unknown): S3Error {
  return new S3Error('MalformedPOSTRequest', { cause });
}

function incomplete(cause?: unknown): S3Error {
  return new S3Error('IncompleteBody', { message: 'The form ended before its last boundary.', cause });
}
