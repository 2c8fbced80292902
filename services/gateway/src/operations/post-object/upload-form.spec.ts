import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFormFileBody } from '../../body/form-file-body.js';
import { s3Request } from '../../../test/support/s3-request.js';
import { readUploadForm, type UploadForm } from './upload-form.js';

const BOUNDARY = 'xYzZY';

describe('readUploadForm', () => {
  it('gives the fields by lower-case name and the file as a stream', async () => {
    const form = await read([
      part('kEy', 'foo.txt'),
      part('Content-Type', 'text/plain'),
      filePart('bar', 'C:\\a\\foo.txt'),
    ]);
    expect([...form.fields]).toEqual([
      ['key', 'foo.txt'],
      ['content-type', 'text/plain'],
    ]);
    expect(form.filename).toBe('foo.txt');
    expect(await text(form)).toBe('bar');
  });

  it('takes fields for fields that a client gave a file name and a binary type', async () => {
    const named = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="key"; filename="key"\r\nContent-Type: application/octet-stream\r\n\r\nfoo.txt\r\n`;
    const form = await read([named, filePart('bar')]);
    expect(form.fields.get('key')).toBe('foo.txt');
  });

  it('does not wait for ever for a form that goes no further', async () => {
    const stalled = formRequest([Buffer.from(part('key', 'k'))], false);
    await expect(readUploadForm(stalled, 20)).rejects.toMatchObject({ code: 'RequestTimeout' });
  });

  it('takes a file without a file name', async () => {
    const form = await read([part('key', 'k'), part('file', 'bytes')]);
    expect(form.filename).toBe('');
    expect(await text(form)).toBe('bytes');
  });

  it('reads a file of any bytes, however the form is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 }), async (bytes, cut) => {
        const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"\r\n\r\n`;
        const whole = Buffer.concat([
          Buffer.from(part('key', 'k') + head),
          bytes,
          Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
        ]);
        fc.pre(!Buffer.from(bytes).includes(`\r\n--${BOUNDARY}`));
        const form = await readUploadForm(formRequest(pieces(whole, cut)));
        const chunks = await form.file.toArray();
        expect(Buffer.concat(chunks as Buffer[]).equals(bytes)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('ignores what comes behind the file, a second file too', async () => {
    const form = await read([part('key', 'k'), filePart('first'), part('key', 'other'), filePart('second')]);
    expect(await text(form)).toBe('first');
    expect([...form.fields]).toEqual([['key', 'k']]);
  });

  it.each([
    ['no file', [part('key', 'k')], 'InvalidArgument'],
    ['a repeated field', [part('key', 'a'), part('KEY', 'b'), filePart('x')], 'InvalidArgument'],
    [
      'a field that is too large',
      [part('key', 'x'.repeat(20 * 1024 + 1)), filePart('x')],
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'fields that are too large together',
      [part('a', 'x'.repeat(15_000)), part('b', 'x'.repeat(15_000)), filePart('x')],
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'a thousand fields',
      Array.from({ length: 1000 }, (_, i) => part(`f${i}`, '')),
      'MaxPostPreDataLengthExceededError',
    ],
    [
      'a large part without a name before the file',
      [`--${BOUNDARY}\r\nX-Odd: 1\r\n\r\n${'x'.repeat(1_000_000)}\r\n`, filePart('x')],
      'MaxPostPreDataLengthExceededError',
    ],
  ])('refuses a form with %s', async (_, parts, code) => {
    await expect(read(parts)).rejects.toMatchObject({ code });
  });

  it('refuses a form that ends before its file', async () => {
    await expect(readUploadForm(formRequest([Buffer.from(part('key', 'k'))]))).rejects.toMatchObject({ status: 400 });
  });

  it('fails the file of a form that breaks off', async () => {
    const form = await readUploadForm(formRequest([Buffer.from(part('key', 'k') + filePart('half').slice(0, -2))]));
    await expect(transfer(form)).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it('fails the file when the client goes away', async () => {
    const request = formRequest([Buffer.from(part('key', 'k') + filePart('half').slice(0, -2))], false);
    const form = await readUploadForm(request);
    const transferred = transfer(form);
    request.raw.destroy();
    await expect(transferred).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it.each(['application/x-www-form-urlencoded', 'text/plain', ''])('refuses the content type %j', (contentType) => {
    const request = s3Request({ method: 'POST', bucket: 'photos', headers: { 'content-type': contentType } });
    expect(() => readUploadForm(request)).toThrow(expect.objectContaining({ code: 'PreconditionFailed' }));
  });

  it('refuses a content type without a boundary', () => {
    const headers = { 'content-type': 'multipart/form-data; charset=utf-8' };
    const request = s3Request({ method: 'POST', bucket: 'photos', headers });
    expect(() => readUploadForm(request)).toThrow(expect.objectContaining({ code: 'MalformedPOSTRequest' }));
  });
});

function part(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

function filePart(content: string, filename = 'f'): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${filename}"\r\n\r\n${content}\r\n`;
}

function read(parts: readonly string[]): Promise<UploadForm> {
  return readUploadForm(formRequest([Buffer.from(`${parts.join('')}--${BOUNDARY}--\r\n`)]));
}

async function text({ file }: UploadForm): Promise<string> {
  return Buffer.concat((await file.toArray()) as Buffer[]).toString();
}

async function transfer({ file }: UploadForm): Promise<unknown> {
  return createFormFileBody(file, { minimum: 0, maximum: 100 }).transfer({ write: () => {} });
}

function pieces(whole: Buffer, size: number): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < whole.length; at += size) cut.push(whole.subarray(at, at + size));
  return cut;
}

function formRequest(chunks: readonly Buffer[], ends = true): ReturnType<typeof s3Request> {
  const raw = new Readable({ read: () => {} });
  for (const chunk of chunks.flatMap((c) => pieces(c, 64 * 1024))) raw.push(chunk);
  if (ends) raw.push(null);
  return s3Request({
    method: 'POST',
    bucket: 'photos',
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    raw: Object.assign(raw, { complete: ends }) as unknown as IncomingMessage,
  });
}
