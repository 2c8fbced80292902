import { createHmac } from 'node:crypto';
import type { Identity } from '../../src/auth/identity.js';
import { formatHead } from './raw-request.js';

/** A form upload; what is not said is as a plain form would have it. */
export interface PostForm {
  readonly bucket: string;
  readonly identity: Identity;
  readonly fields: Readonly<Record<string, string>>;
  /** Of the policy; by default the bucket and every field as they are. */
  readonly conditions?: readonly unknown[];
  readonly expiration?: string;
  readonly file?: string | Buffer;
  /** Names of fields that come behind the file. */
  readonly behind?: readonly string[];
  /** Changes what was signed, before it is sent; a field set to undefined is left out. */
  readonly tamper?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Replaces the body. */
  readonly body?: string | Buffer;
  /** Of the part that is the file. */
  readonly filename?: string;
}

const BOUNDARY = 'the-boundary-of-the-form';

/** The bytes of a form upload with a signed policy. */
export function postForm(form: PostForm): Buffer {
  const body = form.body ?? formBody(form);
  const headers = {
    host: 's3.test',
    'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
    'content-length': String(Buffer.byteLength(body)),
    ...form.headers,
  };
  return Buffer.concat([Buffer.from(formatHead('POST', `/${form.bucket}`, headers), 'latin1'), Buffer.from(body)]);
}

/** A part of a form with a field. */
export function formPart(name: string, value: string): string {
  return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
}

/** What ends a form. */
export const FORM_END = `--${BOUNDARY}--\r\n`;

function formBody(form: PostForm): Buffer {
  const entries = Object.entries({ ...signedFields(form), ...form.tamper }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const behind = new Set(form.behind);
  const before = entries.filter(([name]) => !behind.has(name)).map(([name, value]) => formPart(name, value));
  const after = entries.filter(([name]) => behind.has(name)).map(([name, value]) => formPart(name, value));
  const file = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="${form.filename ?? 'a.txt'}"\r\nContent-Type: text/plain\r\n\r\n`;
  return Buffer.concat([
    Buffer.from(before.join('') + file),
    Buffer.from(form.file ?? 'evil'),
    Buffer.from(`\r\n${after.join('')}${FORM_END}`),
  ]);
}

/** The fields with the policy and its signature. */
function signedFields({ bucket, identity, fields, conditions, expiration }: PostForm): Record<string, string> {
  const date = new Date().toISOString().replace(/[:-]|\.\d+/g, '');
  const day = date.slice(0, 8);
  const signature = {
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': `${identity.accessKeyId}/${day}/us-east-1/s3/aws4_request`,
    'x-amz-date': date,
  };
  const all = Object.entries({ ...fields, ...signature }).filter(([name]) => name !== 'bucket');
  const document = {
    expiration: expiration ?? new Date(Date.now() + 600_000).toISOString(),
    conditions: [
      ...(conditions ?? [{ bucket }, ...Object.entries(fields).map(([name, value]) => ({ [name]: value }))]),
      ...all
        .filter(([name]) => name in signature || conditions === undefined)
        .map(([name, value]) => ({ [name]: value })),
    ],
  };
  const policy = Buffer.from(JSON.stringify(document)).toString('base64');
  const key = [day, 'us-east-1', 's3', 'aws4_request'].reduce<Buffer>(
    (before, step) => createHmac('sha256', before).update(step).digest(),
    Buffer.from(`AWS4${identity.secretAccessKey}`),
  );
  return { ...fields, ...signature, policy, 'x-amz-signature': createHmac('sha256', key).update(policy).digest('hex') };
}
