import { readdirSync } from 'node:fs';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AbuseTarget } from '../support/abuse-target.js';
import { plainRequest, signedRequest } from '../support/raw-request.js';
import { MAIN } from '../support/running-gateway.js';

let target: AbuseTarget;
beforeAll(async () => {
  target = await AbuseTarget.start();
  await target.plant('public/large', Buffer.alloc(1024 * 1024));
});
afterAll(() => target[Symbol.asyncDispose]());

const openFiles = (): number => readdirSync('/proc/self/fd').length;

describe('requests that a client sends ahead of the answers', () => {
  it('are served one after the other: a read sees the write before it', async () => {
    for (let turn = 0; turn < 20; turn++) {
      await using connection = await target.connect();
      const body = `version ${turn}`;
      const put = await signedRequest({ method: 'PUT', target: '/victim/new', body }, MAIN);
      const get = await signedRequest({ target: '/victim/new' }, MAIN);
      connection.write(Buffer.concat([put, get]));
      expect((await connection.response('PUT')).status).toBe(200);
      expect((await connection.response()).body.toString()).toBe(body);
    }
  });

  it('do not each hold a file while the client reads none of the answers', async () => {
    const before = openFiles();
    await using connection = await target.connect();
    connection.socket.pause();
    connection.write(Buffer.concat(Array.from({ length: 200 }, () => plainRequest({ target: '/public/large' }))));
    // The gateway has read them all once it answers others that came after them.
    for (let turn = 0; turn < 10; turn++) await target.anonymous({ target: '/public/page' });
    expect(openFiles() - before).toBeLessThan(20);
  });

  it('are more than a connection is worth, at some number', async () => {
    await using connection = await target.connect();
    const closed = Promise.race([once(connection.socket, 'end'), once(connection.socket, 'close')]);
    connection.write(Buffer.concat(Array.from({ length: 1000 }, () => plainRequest({ target: '/public/page' }))));
    await closed;
    expect((await target.anonymous({ target: '/public/page' })).status).toBe(200);
  });
});
