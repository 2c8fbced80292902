import { afterAll, beforeAll, describe } from 'vitest';
import { randomUUID } from 'node:crypto';
import { fileDriverContract } from '../contract/file-driver.contract.js';
import { objectStoreContract } from '../contract/object-store.contract.js';
import { startStandIn, type StandInQuirks } from '../support/stand-in-webdav.js';
import { openWebdav } from '../support/webdav-fixture.js';
import type { WebdavServer } from '../support/webdav-server.js';
import type { RemoteFilesTraits } from '../../src/storage/remote/remote-files.js';

interface Variant {
  readonly name: string;
  readonly quirks: StandInQuirks;
  readonly traits: RemoteFilesTraits;
  readonly overwrites: number;
}

const WELL: RemoteFilesTraits = { atomicReplace: true, atomicCreate: true };

const VARIANTS: readonly Variant[] = [
  { name: 'a server that does everything well', quirks: {}, traits: WELL, overwrites: 40 },
  {
    name: 'a server that replaces in two steps, looks before it opens, keeps broken uploads, and knows no ranges',
    quirks: { movesInTwoSteps: true, looksBeforeItOpens: true, keepsBrokenUploads: true, noRanges: true },
    traits: { atomicReplace: false, atomicCreate: true },
    overwrites: 20,
  },
];

describe.each(VARIANTS)('WebDAV: $name', ({ name, quirks, traits, overwrites }) => {
  let server: WebdavServer;
  beforeAll(async () => {
    server = await startStandIn(quirks);
  });
  afterAll(() => server.stop());

  /** A collection of its own for each test, and two gateways of one machine on it. */
  async function open(): Promise<{
    one: ReturnType<typeof openWebdav>;
    two: ReturnType<typeof openWebdav>;
    close: () => void;
  }> {
    const folder = randomUUID();
    const outer = openWebdav({ url: server.url, traits });
    await outer.driver.makeFolder(folder as never);
    outer.close();
    const url = `${server.url}${folder}`;
    const [one, two] = [openWebdav({ url, traits }, url), openWebdav({ url, traits }, url)];
    return { one, two, close: () => [one, two].forEach((each) => each.close()) };
  }

  fileDriverContract(name, async () => {
    const { one, two, close } = await open();
    return { driver: one.driver, other: two.driver, close };
  });

  // The rest of what differs is in webdav-quirks.spec.ts.
  if (!quirks.movesInTwoSteps) return;
  objectStoreContract(name, async () => {
    const { one, two, close } = await open();
    return {
      store: one.store('team/bucket'),
      other: two.store('team/bucket'),
      hierarchical: true,
      overwrites,
      close,
    };
  });
});
