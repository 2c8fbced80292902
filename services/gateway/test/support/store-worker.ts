import { hash } from 'node:crypto';
import type { ObjectKey } from '../../src/http/object-key.js';
import type { FileObjectStore } from '../../src/objects/file/file-object-store.js';
import { bodyOfBytes, codeOf, NO_ATTRIBUTES, put, readAll } from './object-bodies.js';
import { openStorage } from './storage-fixture.js';

/** What a store worker is told to do; it answers with a line of JSON for each report. */
export interface WorkerOrder {
  readonly root: string;
  readonly metadata: 'xattr' | 'sidecar';
  readonly task: 'create' | 'increment' | 'churn' | 'write';
  readonly count: number;
  /** Tells workers apart. */
  readonly name: string;
}

const key = (text: string): ObjectKey => text as ObjectKey;

/** The content of a version of an object: whoever reads it can tell whether it is whole. */
export function versionOf(name: string, version: number, size: number): Buffer {
  const line = `${name} ${version}\n`;
  return Buffer.from(line.repeat(Math.ceil(size / line.length)));
}

function report(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const TASKS: Record<WorkerOrder['task'], (store: FileObjectStore, order: WorkerOrder) => Promise<void>> = {
  /** Creates keys that others want as well, and reports those it got. */
  async create(store, { count, name }) {
    for (let i = 0; i < count; i++) {
      const code = await codeOf(() => put(store, `dir/k${i}`, name, { conditions: { ifNoneMatch: '*' } }));
      report({ key: `dir/k${i}`, code });
    }
  },

  /** Adds one to a number, as often as it is told. */
  async increment(store, { count }) {
    for (let done = 0; done < count;) {
      const open = await store.open(key('n'));
      const next = Number((await readAll(open)).toString()) + 1;
      const code = await codeOf(() => put(store, 'n', String(next), { conditions: { ifMatch: [open.info.etag] } }));
      if (code === 'none') done++;
      else if (code !== 'PreconditionFailed') report({ code });
    }
  },

  /** Makes folders come and go. */
  async churn(store, { count, name }) {
    for (let i = 0; i < count; i++) {
      const path = `a/b/${i % 3 === 0 ? 'c/d/' : ''}${name}`;
      const code = await codeOf(() => put(store, path, 'x'));
      if (code !== 'none') report({ put: code });
      const deleted = await codeOf(() => store.delete(key(path), {}));
      if (deleted !== 'none') report({ delete: deleted });
    }
    report({ done: true });
  },

  /** Writes versions of objects, in one go and in parts, and reports each that was acknowledged, until it is killed. */
  async write(store, { name, count }) {
    for (let version = count; ; version++) {
      const small = versionOf(name, version, 3000 + (version % 7) * 40_000);
      report({ begun: 'small', version });
      await put(store, `${name}/small`, small);
      report({ key: `${name}/small`, version, etag: hash('md5', small) });
      const large = versionOf(name, version, 5 * 1024 * 1024 + 1);
      const upload = await store.multipart.create({
        key: key(`${name}/large`),
        attributes: NO_ATTRIBUTES,
        initiator: 'me',
      });
      const parts = [];
      for (const [i, bytes] of [large, large.subarray(0, 1000)].entries()) {
        const { etag } = await store.multipart.putPart(upload.key, upload.uploadId, i + 1, bodyOfBytes(bytes));
        parts.push({ number: i + 1, etag });
      }
      report({ begun: 'large', version });
      const { etag } = await store.multipart.complete({
        key: upload.key,
        uploadId: upload.uploadId,
        parts,
        conditions: {},
      });
      report({ key: `${name}/large`, version, etag });
    }
  },
};

const [argument] = process.argv.slice(2);
if (argument !== undefined && process.env['STORE_WORKER'] === '1') {
  const order = JSON.parse(argument) as WorkerOrder;
  const fixture = openStorage(order.root, { metadata: order.metadata });
  await TASKS[order.task](fixture.store(), order);
  fixture.close();
}
