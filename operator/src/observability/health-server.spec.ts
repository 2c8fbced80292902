import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HealthServer } from './health-server.js';

describe('the health port', () => {
  let server: HealthServer;
  let sick: string | undefined;
  let busy: string | undefined;

  beforeEach(async () => {
    sick = busy = undefined;
    server = new HealthServer({
      healthy: () => sick,
      ready: () => busy,
      metrics: () => Promise.resolve('bucketway_operator_leader 1\n'),
    });
    await server.listen('127.0.0.1:0');
  });

  afterEach(async () => {
    await server.close();
  });

  const ask = async (path: string): Promise<{ status: number; text: string; type: string | null }> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') };
  };

  it.each(['/healthz', '/readyz', '/healthz?verbose'])('says ok at %s', async (path) => {
    expect(await ask(path)).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('says why the process should be restarted, and why it does not work yet, each in its place', async () => {
    sick = 'a watch is silent';
    expect(await ask('/healthz')).toMatchObject({ status: 503, text: 'a watch is silent\n' });
    expect(await ask('/readyz')).toMatchObject({ status: 200 });
    [sick, busy] = [undefined, 'stopping'];
    expect(await ask('/healthz')).toMatchObject({ status: 200 });
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'stopping\n' });
  });

  it('has the metrics as Prometheus reads them', async () => {
    expect(await ask('/metrics')).toEqual({
      status: 200,
      text: 'bucketway_operator_leader 1\n',
      type: 'text/plain; version=0.0.4; charset=utf-8',
    });
  });

  it('names what there is at other paths', async () => {
    expect(await ask('/')).toMatchObject({ status: 404, text: expect.stringContaining('/metrics') as string });
  });

  it('tells of an address that is taken', async () => {
    const view = { healthy: () => undefined, ready: () => undefined, metrics: () => Promise.resolve('') };
    const taken = new HealthServer(view).listen(`127.0.0.1:${server.port}`);
    await expect(taken).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
