import fs from 'node:fs';
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import type { Principal } from '../../src/auth/identity.js';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { ListQuery } from '../../src/objects/listing.js';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { ListObjects } from '../../src/operations/listing/list-objects.js';
import { ListObjectsV2 } from '../../src/operations/listing/list-objects-v2.js';
import { PagesAhead } from '../../src/operations/listing/pages-ahead.js';
import { parseXml } from '../../src/xml/xml-reader.js';
import { put } from '../support/object-bodies.js';
import { ALICE, contextOf, MemoryBuckets } from '../support/operation-context.js';
import { makeStorage, VARIANTS, type StorageFixture } from '../support/storage-fixture.js';

const md5 = (text: string): string => `"${hash('md5', text)}"`;
const BOB: Principal = { name: 'bob', accessKeyId: 'BOBSKEY', secretAccessKey: 'secret' };

let fixture: StorageFixture;
let store: FileObjectStore;
let lists: MockInstance<FileObjectStore['list']>;

/** Two folders of objects, `k00` to `k39` and `sub/00` to `sub/19`. */
async function begin(options: Parameters<typeof makeStorage>[0] = { metadata: 'xattr' }): Promise<void> {
  fixture = makeStorage(options);
  store = fixture.store();
  for (let i = 0; i < 40; i++) await put(store, `k${String(i).padStart(2, '0')}`, `v${i}`);
  for (let i = 0; i < 20; i++) await put(store, `sub/${String(i).padStart(2, '0')}`, 'v');
  // What has just been written may change in the same tick, and is not relied on.
  const later = Date.now() + 60_000;
  vi.spyOn(Date, 'now').mockReturnValue(later);
  lists = vi.spyOn(store, 'list');
}

afterEach(() => {
  vi.restoreAllMocks();
  fixture.close();
});

interface Page {
  /** Entity tags by key. */
  readonly rows: ReadonlyMap<string, string>;
  readonly next: string | undefined;
}

/** A client that lists ten keys at a time, and waits until what follows its page was prepared. */
class Client {
  private readonly operation: ListObjectsV2;

  /** @param pages those of its process */
  constructor(
    private readonly extra = '',
    private readonly principal: Principal = ALICE,
    pages = new PagesAhead(),
  ) {
    this.operation = new ListObjectsV2(pages);
  }

  async page(token?: string, bucketStore = store): Promise<Page> {
    const query = `list-type=2&max-keys=10${this.extra}${token === undefined ? '' : `&continuation-token=${token}`}`;
    const bucket = { ...new MemoryBuckets().photos, store: bucketStore as never };
    const { body } = await this.operation.execute(contextOf({ bucket, query, principal: this.principal }));
    const xml = parseXml(body as Buffer, 'ListBucketResult');
    const rows = new Map(xml.children('Contents').map((row) => [row.text('Key'), row.text('ETag')]));
    await settled();
    return { rows, next: xml.optionalChild('NextContinuationToken') && xml.text('NextContinuationToken') };
  }

  /** Reads two pages; gives the token of the third, which has been prepared. */
  async toThird(): Promise<string> {
    const second = await this.page((await this.page()).next);
    return second.next as string;
  }
}

/** Everything that goes on by itself has come to its end. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** How often the store was asked since the last time. */
function asked(): { ahead: number; now: number } {
  const queries: ListQuery[] = lists.mock.calls.map(([query]) => query);
  lists.mockClear();
  const ahead = queries.filter((query) => query.ahead).length;
  return { ahead, now: queries.length - ahead };
}

describe('a page that was made ahead', () => {
  beforeEach(() => begin());

  it('is what is sent where nothing has changed, and so on to the last', async () => {
    const client = new Client();
    const third = await client.toThird();
    expect(asked()).toEqual({ ahead: 1, now: 2 });
    const seen: string[] = [];
    for (let token: string | undefined = third; token !== undefined;) {
      const { rows, next } = await client.page(token);
      seen.push(...rows.keys());
      token = next;
    }
    expect(seen).toHaveLength(40);
    expect(seen.slice(0, 2)).toEqual(['k20', 'k21']);
    expect(seen.at(-1)).toBe('sub/19');
    // The third was there, and each page after it was made while the one before was read.
    expect(asked()).toEqual({ ahead: 3, now: 0 });
  });

  it('is only the third and later ones: the first may be all that a client wants', async () => {
    const client = new Client();
    const { next } = await client.page();
    expect(asked()).toEqual({ ahead: 0, now: 1 });
    await client.page(next);
    expect(asked()).toEqual({ ahead: 1, now: 1 });
  });

  const CHANGES: readonly (readonly [string, () => unknown])[] = [
    ['an object that was put anew', () => put(store, 'k21', 'by S3')],
    ['a file that another program appended to', () => fs.appendFileSync(`${fixture.root}/k22`, 'more')],
    [
      'a file that another program put in its place',
      () => {
        fs.writeFileSync(`${fixture.root}/new`, 'renamed');
        fs.renameSync(`${fixture.root}/new`, `${fixture.root}/k23`);
      },
    ],
    ['an object that was deleted', () => store.delete('k24' as ObjectKey, {})],
    ['an object that is new', () => put(store, 'k20a', 'new')],
    ['a file that was written with its times kept', () => rewriteSameTimes(`${fixture.root}/k25`)],
    ['a file that became a folder', () => intoFolder(`${fixture.root}/k26`)],
    ['a file that became a link', () => intoLink(`${fixture.root}/k27`, 'k00')],
  ];
  it.each(CHANGES)('is made anew for %s', async (_, change) => {
    const client = new Client();
    const third = await client.toThird();
    asked();
    await change();
    const { rows } = await client.page(third);
    expect(asked().now).toBe(1);
    const fresh = await new Client().page(third);
    expect([...rows]).toEqual([...fresh.rows]);
  });

  it('shows what has changed since', async () => {
    const client = new Client();
    const third = await client.toThird();
    await put(store, 'k21', 'by S3');
    await store.delete('k24' as ObjectKey, {});
    const { rows } = await client.page(third);
    expect(rows.get('k20')).toBe(md5('v20'));
    expect(rows.get('k21')).toBe(md5('by S3'));
    expect([...rows.keys()]).toEqual(['20', '21', '22', '23', '25', '26', '27', '28', '29', '30'].map((n) => `k${n}`));
  });

  it('is of nobody else, and of no other place', async () => {
    const pages = new PagesAhead();
    const alice = new Client('&fetch-owner=true', ALICE, pages);
    const bob = new Client('&fetch-owner=true', BOB, pages);
    const third = await alice.toThird();
    asked();
    await bob.page(third);
    expect(asked().now).toBe(1);
    // The bucket's name leads elsewhere by now.
    await put(fixture.store('elsewhere'), 'z', 'other');
    expect([...(await alice.page(third, fixture.store('elsewhere'))).rows.keys()]).toEqual(['z']);
  });

  it('is made for few clients at a time, and others get theirs all the same', async () => {
    const pages = new PagesAhead();
    // Each asks in its own way, so that none is served with the page of another.
    const clients = Array.from({ length: 10 }, (_, index) => new Client(`&delimiter=none${index}`, ALICE, pages));
    const thirds: string[] = [];
    for (const client of clients) thirds.push(await client.toThird());
    expect(asked().ahead).toBe(4);
    for (const [index, client] of clients.entries()) {
      expect([...(await client.page(thirds[index])).rows.keys()][0]).toBe('k20');
    }
  });

  it('is no reason to fail where the storage fails as it is compared', async () => {
    const client = new Client();
    const third = await client.toThird();
    vi.spyOn(fixture.storage.calls, 'open').mockImplementationOnce(() => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' });
    });
    expect([...(await client.page(third)).rows.keys()][0]).toBe('k20');
  });

  it('is there for version 1 of the listing as well', async () => {
    const operation = new ListObjects(new PagesAhead());
    const list = async (marker: string): Promise<readonly string[]> => {
      const bucket = { ...new MemoryBuckets().photos, store: store as never };
      const { body } = await operation.execute(contextOf({ bucket, query: `max-keys=10&marker=${marker}` }));
      await settled();
      return parseXml(body as Buffer, 'ListBucketResult')
        .children('Contents')
        .map((row) => row.text('Key'));
    };
    await list('k09');
    asked();
    expect((await list('k19'))[0]).toBe('k20');
    expect(asked()).toEqual({ ahead: 1, now: 0 });
  });
});

describe('a storage that cannot tell cheaply whether a page is current', () => {
  const others = VARIANTS.filter(([name]) => name !== 'extended attributes');
  it.each(others)('has none made ahead: %s', async (_, options) => {
    await begin(options);
    const client = new Client();
    const third = await client.toThird();
    expect([...(await client.page(third)).rows.keys()]).toEqual(Array.from({ length: 10 }, (_row, i) => `k${20 + i}`));
    expect(asked().ahead).toBe(0);
  });

  it('nor have pages with a symbolic link, which may lead elsewhere while its target stays', async () => {
    await begin();
    fs.symlinkSync('k00', `${fixture.root}/k15a`);
    await new Client().toThird();
    expect(asked().ahead).toBe(0);
  });

  it('nor have files that changed a moment ago', async () => {
    await begin();
    vi.mocked(Date.now).mockRestore();
    fs.appendFileSync(`${fixture.root}/k15`, 'more');
    await new Client().toThird();
    expect(asked().ahead).toBe(0);
  });
});

function rewriteSameTimes(file: string): void {
  const { atime, mtime } = fs.statSync(file);
  fs.writeFileSync(file, 'V');
  fs.utimesSync(file, atime, mtime);
}

function intoFolder(path: string): void {
  fs.rmSync(path);
  fs.mkdirSync(path);
  fs.writeFileSync(`${path}/inside`, 'x');
}

function intoLink(path: string, target: string): void {
  fs.rmSync(path);
  fs.symlinkSync(target, path);
}
