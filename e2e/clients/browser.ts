/**
 * A page in headless Chromium on another origin, which uses a bucket through CORS with the SDK, as web clients such as
 * S3Drive's do.
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { delimiter, join } from 'node:path';
import { PutBucketCorsCommand, S3Client } from '@aws-sdk/client-s3';
import { chromium } from 'playwright-core';
import type { Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import type { PageActions, PageSettings } from './browser-page.js';

const LENGTH = 12 * 1024 * 1024 + 1;
const NAME = 'names/ünï cøde & (spaces)/+plus=%25 #?~.txt';
const TEXT = 'a text that a page uploads';

const folder = required('FOLDER');
const settings: PageSettings = {
  endpoint: required('ENDPOINT'),
  region: required('REGION'),
  accessKeyId: required('ACCESS_KEY'),
  secretAccessKey: required('SECRET_KEY'),
  bucket: required('BUCKET'),
};

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set; run e2e/clients/run`);
  return value;
}

function onDisk(key: string): string {
  return readFileSync(join(folder, key), 'utf8');
}

function browserPath(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = ['chromium', 'chromium-browser', 'google-chrome'].flatMap((name) =>
    folders.map((path) => join(path, name)),
  );
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error('there is no chromium on PATH');
  return found;
}

const bundle = await rolldown({
  input: join(import.meta.dirname, 'browser-page.ts'),
  platform: 'browser',
  logLevel: 'silent',
});
const { output } = await bundle.generate({ format: 'iife' });
const script = output[0].code;

const pages = createServer((request, response) => {
  if (request.url === '/page.js') response.setHeader('content-type', 'text/javascript').end(script);
  else response.setHeader('content-type', 'text/html').end('<!doctype html><script src="/page.js"></script>');
});
await new Promise<void>((resolve) => {
  pages.listen(0, '127.0.0.1', resolve);
});
const address = pages.address();
if (address === null || typeof address === 'string') throw new Error('the page has no port');
const { port } = address;
const origin = `http://localhost:${port}`;
const strangersOrigin = `http://127.0.0.1:${port}`;

const browser = await chromium.launch({
  executablePath: browserPath(),
  // Containers have no user namespaces to make a sandbox of, and often a small /dev/shm.
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server'],
});

async function open(url: string): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(url);
  return page;
}

/** Calls one of the page's actions in the page. */
async function call<Name extends keyof PageActions>(
  page: Page,
  name: Name,
  ...args: Parameters<PageActions[Name]>
): Promise<Awaited<ReturnType<PageActions[Name]>>> {
  type Result = Awaited<ReturnType<PageActions[Name]>>;
  return await page.evaluate<Result>(`actions[${JSON.stringify(name)}](...${JSON.stringify(args)})`);
}

let failed = 0;
async function check(what: string, action: () => Promise<void>): Promise<void> {
  try {
    await action();
    process.stdout.write(`ok browser: ${what}\n`);
  } catch (error) {
    failed++;
    const said = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stdout.write(`not ok browser: ${what}\n    ${said.replaceAll('\n', '\n    ')}\n`);
  }
}

try {
  const page = await open(origin);
  writeFileSync(join(folder, 'made elsewhere.txt'), 'made elsewhere');

  await check('a page cannot read a bucket that has no CORS rule', async () => {
    equal(await call(page, 'readError', `${settings.endpoint}/${settings.bucket}/made%20elsewhere.txt`), 'TypeError');
  });

  const administrator = new S3Client({ endpoint: settings.endpoint, region: settings.region, credentials: settings });
  const rule = {
    AllowedOrigins: [origin],
    AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'x-amz-meta-colour'],
    MaxAgeSeconds: 60,
  };
  await check('a rule is set with the SDK', async () => {
    const CORSConfiguration = { CORSRules: [rule] };
    await administrator.send(new PutBucketCorsCommand({ Bucket: settings.bucket, CORSConfiguration }));
  });

  await check('lists', async () => {
    deepEqual(await call(page, 'list', settings, ''), ['made elsewhere.txt']);
    equal(await call(page, 'get', settings, 'made elsewhere.txt'), 'made elsewhere');
  });

  await check('puts a file, reads it, and sees the exposed headers', async () => {
    match((await call(page, 'put', settings, NAME, TEXT)) ?? '', /^"[0-9a-f]{32}"$/);
    equal(onDisk(NAME), TEXT);
    equal(await call(page, 'get', settings, NAME), TEXT);
    equal(await call(page, 'get', settings, NAME, 'bytes=2-5'), 'text');
    deepEqual(await call(page, 'metadata', settings, NAME), { colour: 'blue' });
    deepEqual(await call(page, 'list', settings, 'names/'), ['names/ünï cøde & (spaces)/']);
  });

  await check('uploads a large file in parts and downloads it', async () => {
    const progress = await call(page, 'upload', settings, 'large.bin', LENGTH);
    ok(progress.length >= 3 && progress.at(-1) === 1, `progress ${progress.join(' ')}`);
    equal(readFileSync(join(folder, 'large.bin')).length, LENGTH);
    ok(await call(page, 'download', settings, 'large.bin', LENGTH));
    await call(page, 'upload', settings, 'small.bin', 1000);
    ok(await call(page, 'download', settings, 'small.bin', 1000));
  });

  await check('posts a form', async () => {
    equal(await call(page, 'post', settings, 'posted/form.txt', TEXT), 201);
    equal(onDisk('posted/form.txt'), TEXT);
  });

  await check('puts and gets by presigned URLs', async () => {
    equal(await call(page, 'presigned', settings, 'signed ü.txt', TEXT), TEXT);
    equal(onDisk('signed ü.txt'), TEXT);
  });

  await check('copies and deletes', async () => {
    await call(page, 'copy', settings, NAME, 'copied.txt');
    equal(onDisk('copied.txt'), TEXT);
    await call(page, 'delete', settings, [NAME, 'copied.txt', 'large.bin', 'small.bin', 'posted/form.txt']);
    deepEqual(await call(page, 'list', settings, ''), ['made elsewhere.txt', 'signed ü.txt']);
    ok(!existsSync(join(folder, NAME)) && !existsSync(join(folder, 'large.bin')));
  });

  await check('a page of an origin that no rule names gets nothing, even with keys', async () => {
    const stranger = await open(strangersOrigin);
    const answer = await call(stranger, 'list', settings, '').then(
      () => 'listed',
      (error: unknown) => String(error),
    );
    match(answer, /Failed to fetch|TypeError/);
  });
} finally {
  await browser.close();
  pages.close();
}
process.exitCode = failed === 0 ? 0 : 1;
