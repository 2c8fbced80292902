import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { formatAccessLogLine } from '../../src/observability/access-log.js';
import { RequestMetrics } from '../../src/observability/request-metrics.js';
import { AbuseTarget } from '../support/abuse-target.js';
import { postForm } from '../support/post-form.js';
import { presignTarget } from '../support/raw-request.js';
import { MAIN, OTHER } from '../support/running-gateway.js';

let target: AbuseTarget;
let printed = '';
beforeAll(async () => {
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      printed += String(chunk);
      return true;
    });
  }
  target = await AbuseTarget.start();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await target[Symbol.asyncDispose]();
});

describe('metrics', () => {
  it('do not grow by what a client makes up (buckets, keys, methods, queries, codes)', async () => {
    const registry = new Registry();
    const metrics = new RequestMetrics(registry);
    for (let i = 0; i < 100; i++) {
      await target.anonymous({
        target: `/bucket-${i}/key-${i}?query-${i}=${i}`,
        headers: { 'user-agent': `agent-${i}` },
      });
      await target.anonymous({ method: i % 2 ? 'PROPFIND' : 'PATCH', target: `/x${i}?lifecycle${i}` });
      await target.signed({ target: `/victim/${i}` }, { ...MAIN, accessKeyId: `KEY${i}` });
    }
    for (const record of target.gateway.observer.records) metrics.finished(record);
    const text = await registry.metrics();
    expect(text).not.toMatch(/bucket-\d|key-\d|query-\d|agent-\d|KEY\d|PROPFIND/);
    expect(text.split('\n').length).toBeLessThan(300);
  });

  it('do not count more than was received, nor a request more than once', async () => {
    const { records } = target.gateway.observer;
    const ids = records.map(({ requestId }) => requestId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('logs', () => {
  it('hold no signature, credential or secret, and no line of a client', async () => {
    const before = target.gateway.observer.records.length;
    const url = await presignTarget({ target: '/victim/old' }, MAIN);
    const signature = /X-Amz-Signature=(\w+)/.exec(url)?.[1] as string;
    await target.anonymous({ target: url });
    await target.anonymous({ target: url.replace('X-Amz-Signature', 'X-Amz-%53ignature') });
    await target.anonymous({ target: url.replace('X-Amz-Signature', 'x-amz-signature') });
    await target.anonymous({ target: `${url}&X-Amz-Security-Token=the-token` });
    await target.anonymous({ target: `/victim/old?Signature=${signature}&AWSAccessKeyId=MAINKEY&Expires=1` });
    await target.anonymous({ target: '/victim/old', headers: { authorization: `Bearer ${signature}` } });
    await target.signed({ target: '/victim/old' }, { ...MAIN, secretAccessKey: 'a wrong secret' });
    await target.signed({ target: '/victim/old', unsigned: { 'user-agent': 'a\tb "quoted" \\', referer: '{"a":1}' } });
    await target.signed({ target: '/victim/%0A%22%7D%0Ainjected%01' });
    await target.send(postForm({ bucket: 'victim', fields: { key: '../x' }, identity: MAIN }));
    const key = 'x-amz-server-side-encryption-customer-key';
    await target.signed({ target: '/victim/old', headers: { [key]: 'dGhlLXNzZS1jLWtleQ==' } });
    await expect.poll(() => target.gateway.observer.records.length).toBe(before + 11);
    const lines = target.gateway.observer.records.slice(before).map(formatAccessLogLine);
    for (const line of lines) {
      expect(line.trimEnd().split('\n')).toHaveLength(1);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    }
    const said = lines.join('') + printed;
    for (const secret of [signature, MAIN.secretAccessKey, OTHER.secretAccessKey, 'the-token', 'dGhlLXNzZS1jLWtleQ']) {
      expect(said).not.toContain(secret);
    }
  });

  it('say nothing to the client of what went wrong inside, and nothing of the client inside', async () => {
    const { root } = target.gateway;
    const away = `${root}-away`;
    await rename(root, away);
    const answer = await target.signed({ target: '/victim/old' });
    await rename(away, root);
    await chmod(join(root, 'victim'), 0o755);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.toString()).not.toMatch(/ENOENT|bucketway-test|\/tmp|at .*\.js|node_modules/);
    expect(printed).not.toMatch(/authorization|Signature=/i);
    await target.alive();
  });
});
