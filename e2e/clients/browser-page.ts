/**
 * What the page does in the browser: the SDK as a web client uses it. Bundled by browser.ts, which calls these and looks
 * at the files behind.
 */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

/** Where the page's client connects to. */
export interface PageSettings {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
}

function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: PageSettings): S3Client {
  return new S3Client({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
}

/** Bytes that differ from place to place, so that parts in the wrong order are noticed. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 12)) & 0xff;
  return bytes;
}

const actions = {
  async list(settings: PageSettings, prefix: string): Promise<string[]> {
    const query = { Bucket: settings.bucket, Prefix: prefix, Delimiter: '/' };
    const { Contents, CommonPrefixes } = await clientOf(settings).send(new ListObjectsV2Command(query));
    return [...(CommonPrefixes ?? []).map(({ Prefix }) => Prefix), ...(Contents ?? []).map(({ Key }) => Key)].map(
      (name) => name ?? '',
    );
  },

  /** @returns the ETag, which a page sees only where the rule exposes it */
  async put(settings: PageSettings, key: string, text: string): Promise<string | undefined> {
    const file = new File([text], 'picked.txt', { type: 'text/plain' });
    const { ETag } = await clientOf(settings).send(
      new PutObjectCommand({
        Bucket: settings.bucket,
        Key: key,
        // In browsers the SDK puts bytes only: of a File it would make a stream to sum, which it then cannot read.
        Body: new Uint8Array(await file.arrayBuffer()),
        ContentType: file.type,
        Metadata: { colour: 'blue' },
      }),
    );
    return ETag;
  },

  async get(settings: PageSettings, key: string, range?: string): Promise<string> {
    const request = { Bucket: settings.bucket, Key: key, ...(range !== undefined && { Range: range }) };
    const { Body } = await clientOf(settings).send(new GetObjectCommand(request));
    return (await Body?.transformToString()) ?? '';
  },

  async metadata(settings: PageSettings, key: string): Promise<Record<string, string>> {
    const { Metadata } = await clientOf(settings).send(new HeadObjectCommand({ Bucket: settings.bucket, Key: key }));
    return Metadata ?? {};
  },

  /** @returns the fractions of the upload that were reported */
  async upload(settings: PageSettings, key: string, length: number): Promise<number[]> {
    const progress: number[] = [];
    const upload = new Upload({
      client: clientOf(settings),
      params: { Bucket: settings.bucket, Key: key, Body: new File([pattern(length)], 'picked.bin') },
    });
    upload.on('httpUploadProgress', ({ loaded }) => progress.push((loaded ?? 0) / length));
    await upload.done();
    return progress;
  },

  /** @returns whether what was downloaded is what {@link actions.upload} uploads */
  async download(settings: PageSettings, key: string, length: number): Promise<boolean> {
    const { Body } = await clientOf(settings).send(new GetObjectCommand({ Bucket: settings.bucket, Key: key }));
    const bytes = await Body?.transformToByteArray();
    const expected = pattern(length);
    return bytes?.length === length && bytes.every((byte, i) => byte === expected[i]);
  },

  /** @returns the status of the answer */
  async post(settings: PageSettings, key: string, text: string): Promise<number> {
    const { url, fields } = await createPresignedPost(clientOf(settings), {
      Bucket: settings.bucket,
      Key: key,
      Conditions: [['content-length-range', 1, 10_000]],
      Fields: { success_action_status: '201' },
    });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new File([text], 'picked.txt', { type: 'text/plain' }));
    const answer = await fetch(url, { method: 'POST', body: form });
    await answer.text();
    return answer.status;
  },

  async presigned(settings: PageSettings, key: string, text: string): Promise<string> {
    const client = clientOf(settings);
    const object = { Bucket: settings.bucket, Key: key };
    const put = await fetch(await getSignedUrl(client, new PutObjectCommand(object)), { method: 'PUT', body: text });
    if (!put.ok) throw new Error(await put.text());
    return await (await fetch(await getSignedUrl(client, new GetObjectCommand(object)))).text();
  },

  async copy(settings: PageSettings, from: string, to: string): Promise<void> {
    const CopySource = `${settings.bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
    await clientOf(settings).send(new CopyObjectCommand({ Bucket: settings.bucket, Key: to, CopySource }));
  },

  async delete(settings: PageSettings, keys: readonly string[]): Promise<void> {
    const client = clientOf(settings);
    const [first, ...others] = keys;
    await client.send(new DeleteObjectCommand({ Bucket: settings.bucket, Key: first }));
    const Delete = { Objects: others.map((Key) => ({ Key })) };
    const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket: settings.bucket, Delete }));
    if (Errors !== undefined) throw new Error(JSON.stringify(Errors));
  },

  /** @returns the name of the error that a simple read ends with, or `none` */
  async readError(url: string): Promise<string> {
    try {
      await fetch(url);
      return 'none';
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  },
};

/** What browser.ts calls, by name. */
export type PageActions = typeof actions;

Object.assign(globalThis, { actions });
