import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import type { StoragePath } from '../../src/storage/storage-path.js';
import { openWebdav, type WebdavFixture } from '../support/webdav-fixture.js';
import { isInstalled, type WebdavServer, type WebdavServerKind } from '../support/webdav-server.js';
import { fileDriverContract } from './file-driver.contract.js';
import { objectStoreContract } from './object-store.contract.js';

/** Holds the WebDAV driver to the contracts on a real server, seen from two gateways of one machine. */
export function webdavServerContract(kind: WebdavServerKind): void {
  const { name, program, traits, overwrites } = kind;
  describe.skipIf(!isInstalled(kind))(`${name} (needs ${program})`, () => {
    let server: WebdavServer;
    beforeAll(async () => {
      server = await kind.start();
    }, 30_000);
    afterAll(() => server.stop(), 30_000);

    /** A collection of its own for each test. */
    async function openTwo(): Promise<[WebdavFixture, WebdavFixture]> {
      const folder = randomUUID();
      const outer = openWebdav({ url: server.url, traits });
      await outer.driver.makeFolder(folder as StoragePath);
      outer.close();
      const url = `${server.url}${folder}`;
      return [openWebdav({ url, traits }, url), openWebdav({ url, traits }, url)];
    }

    fileDriverContract(name, async () => {
      const [one, two] = await openTwo();
      return { driver: one.driver, other: two.driver, close: () => [one, two].forEach((each) => each.close()) };
    });

    objectStoreContract(name, async () => {
      const [one, two] = await openTwo();
      return {
        store: one.store('team/bucket'),
        other: two.store('team/bucket'),
        hierarchical: true,
        overwrites,
        dotNames: traits.dotNames ?? true,
        close: () => [one, two].forEach((each) => each.close()),
      };
    });
  });
}
