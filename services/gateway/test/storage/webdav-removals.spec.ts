import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StoragePath } from '../../src/storage/storage-path.js';
import { listAll, put } from '../support/object-bodies.js';
import { startStandIn } from '../support/stand-in-webdav.js';
import { openWebdav, type WebdavFixture } from '../support/webdav-fixture.js';
import type { WebdavServer } from '../support/webdav-server.js';

const HOUR_MS = 3_600_000;

/** The name that a folder has while it is being removed. */
function awayName(since: number, kept?: string): string {
  const name = `.bucketway-removed-${since.toString(36)}-0123456789abcdef`;
  return kept === undefined ? name : `${name}~${kept}`;
}

describe('folders that a WebDAV gateway was removing when it died', () => {
  let server: WebdavServer;
  let gateway: WebdavFixture;
  beforeEach(async () => {
    server = await startStandIn();
    gateway = openWebdav({ url: server.url, traits: { atomicReplace: true, atomicCreate: true } });
  });
  afterEach(async () => {
    gateway.close();
    await server.stop();
  });

  const at = (...segments: string[]): string => path.join(server.root, 'team', ...segments);
  const make = (name: string, files: Readonly<Record<string, string>>): void => {
    fs.mkdirSync(at(name), { recursive: true });
    for (const [file, content] of Object.entries(files)) fs.writeFileSync(at(name, file), content);
  };
  /** What lies in the folder once the sweep that a listing begins has ended. */
  const sweptTo = async (expected: readonly string[]): Promise<void> => {
    await gateway.files.list('team' as StoragePath);
    await expect.poll(() => fs.readdirSync(at()).toSorted()).toEqual(expected);
  };

  const long = 'x'.repeat(240);
  const old = Date.now() - 2 * HOUR_MS;

  it.each([
    ['goes where it is empty', awayName(old, 'a'), {}, []],
    ['goes where its name was too long to be kept', awayName(old), {}, []],
    ['comes back with what was put into it', awayName(old, 'a b~c'), { late: 'x' }, ['a b~c']],
    ['stays where its name was not kept and something is in it', awayName(old), { late: 'x' }, [awayName(old)]],
  ])('%s', async (_, name, files, expected) => {
    make(name, files);
    await sweptTo(expected);
    for (const folder of expected) expect(fs.readdirSync(at(folder))).toEqual(['late']);
  });

  it('gives what is in it to the folder that has its name now', async () => {
    make(awayName(old, 'a'), { late: 'late' });
    make('a', { there: 'there' });
    await sweptTo(['a']);
    expect(fs.readdirSync(at('a')).toSorted()).toEqual(['late', 'there']);
  });

  it('keeps what has its name taken by a newer file', async () => {
    const name = awayName(old, 'a');
    make(name, { same: 'older' });
    make('a', { same: 'newer' });
    make(awayName(old, 'b'), { late: 'x' });
    await sweptTo([name, 'a', 'b'].toSorted());
    expect(fs.readFileSync(at('a', 'same'), 'utf8')).toBe('newer');
    expect(fs.readFileSync(at(name, 'same'), 'utf8')).toBe('older');
  });

  it('is left alone while its removal may be under way', async () => {
    const young = awayName(Date.now() - HOUR_MS / 2, 'young');
    make(young, { late: 'x' });
    make(awayName(old, 'swept'), {});
    await sweptTo([young]);
  });

  it('shows no key meanwhile', async () => {
    make(awayName(Date.now(), 'a'), { late: 'x' });
    expect(await listAll(gateway.store('team'))).toEqual([]);
  });

  it.each(['short', long])('is no more than that: a folder is removed as it was', async (folder) => {
    const store = gateway.store('team');
    await put(store, `${folder}/key`, 'x');
    await store.delete(`${folder}/key` as never, {});
    expect(fs.readdirSync(at())).toEqual([]);
  });
});

describe('folders that hold what a WebDAV gateway cannot see', () => {
  const size = '<x:getcontentlength>1</x:getcontentlength>';
  const response = (href: string, inside: string): string =>
    `<x:response><x:href>${href}</x:href>${inside}</x:response>`;
  const propstat = (properties: string): string => `<x:propstat><x:prop>${properties}</x:prop></x:propstat>`;

  it.each([
    ['a name that is not UTF-8', response('/remote/dav/d/caf%E9.txt', propstat(size))],
    ['a file without a size', response('/remote/dav/d/live', propstat('<x:resourcetype/>'))],
    ['a name that nobody may look at', response('/remote/dav/d/x', '<x:status>HTTP/1.1 403 Forbidden</x:status>')],
  ])('stay: %s', async (_, strayResponses) => {
    const server = await startStandIn({ strayResponses });
    const traits = { atomicReplace: true, atomicCreate: true, dotNames: true };
    const gateway = openWebdav({ url: server.url, traits });
    try {
      fs.mkdirSync(path.join(server.root, 'd'));
      expect(await gateway.driver.removeFolder('d' as StoragePath)).toBe(false);
      expect(fs.readdirSync(server.root)).toContain('d');
      // What comes after the folder was seen empty is found under its other name.
      await expect(gateway.files.removeFolder('d' as StoragePath)).rejects.toMatchObject({ code: 'not-empty' });
      expect(fs.readdirSync(server.root)).toContain('d');
    } finally {
      gateway.close();
      await server.stop();
    }
  });
});
