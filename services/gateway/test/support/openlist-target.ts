import { randomUUID } from 'node:crypto';
import type { OpenlistOptions } from '../../src/storage/openlist/openlist-options.js';
import { OpenlistServer } from './openlist-server.js';
import type { OpenlistMount } from './openlist-tree.js';

/** An empty folder of an OpenList, the stand-in's or a real one's. */
export interface OpenlistTarget extends AsyncDisposable {
  readonly options: OpenlistOptions;
}

/** An empty storage of a stand-in. */
export interface StandIn extends OpenlistTarget {
  readonly server: OpenlistServer;
  readonly mount: OpenlistMount;
}

export const TEST_LIMITS = {
  connectTimeoutMs: 5_000,
  idleTimeoutMs: 10_000,
  maxConcurrentRequests: 32,
  retries: 1,
} as const;

export function openlistOptions(url: string, token: string, path: string): OpenlistOptions {
  return {
    ...TEST_LIMITS,
    url,
    path,
    token,
    atomicRename: true,
    refresh: 'never',
    listingCacheSeconds: 0,
    redirectReads: false,
    allowedRedirectHosts: (process.env['OPENLIST_REDIRECT_HOSTS'] ?? '').split(',').filter(Boolean),
  };
}

/** Starts a stand-in with one storage. */
export async function startStandIn(
  mount: Partial<OpenlistMount> = {},
  options: Partial<OpenlistOptions> = {},
): Promise<StandIn> {
  const server = await OpenlistServer.start();
  const mounted = server.mount('/drive', mount);
  return {
    server,
    mount: mounted,
    options: { ...openlistOptions(server.url, server.token, '/drive'), ...options },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const { OPENLIST_URL, OPENLIST_TOKEN, OPENLIST_PATH } = process.env;

/** Whether a real OpenList is given: OPENLIST_URL, OPENLIST_TOKEN, and OPENLIST_PATH for a folder of a storage of it. */
export const HAS_OPENLIST = OPENLIST_URL !== undefined && OPENLIST_TOKEN !== undefined;

/** A new folder of the real OpenList; it is removed at the end. */
export async function openRealOpenlist(options: Partial<OpenlistOptions> = {}): Promise<OpenlistTarget> {
  const url = (OPENLIST_URL as string).replace(/\/$/, '');
  const token = OPENLIST_TOKEN as string;
  const parent = (OPENLIST_PATH ?? '/local').replace(/\/$/, '');
  const name = `bucketway-test-${randomUUID()}`;
  const call = async (route: string, body: object): Promise<void> => {
    const answer = await fetch(`${url}/api/fs/${route}`, {
      method: 'POST',
      headers: { authorization: token, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { code, message } = (await answer.json()) as { code: number; message: string };
    if (code !== 200) throw new Error(`OpenList: ${message}`);
  };
  await call('mkdir', { path: `${parent}/${name}` });
  return {
    options: { ...openlistOptions(url, token, `${parent}/${name}`), ...options },
    // It may stumble over what it still takes to be there; what is left is an empty folder.
    [Symbol.asyncDispose]: () => call('remove', { dir: parent, names: [name] }).catch(() => undefined),
  };
}
