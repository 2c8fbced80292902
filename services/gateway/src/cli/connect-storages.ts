import { randomUUID } from 'node:crypto';
import type { StorageMount } from '../config/snapshot.js';
import { writeSmallFile } from '../objects/file/small-files.js';
import { NoStorageObserver } from '../observability/storage-observer.js';
import { mountStorage } from '../storage/mount-storage.js';
import { loadRemoteKinds } from '../storage/remote-kinds.js';
import type { MountedStorage } from '../storage/mounted-storage.js';
import type { StorageAbilities } from '../storage/storage-abilities.js';
import { RESERVED_FOLDER, type StoragePath } from '../storage/storage-path.js';
import { formatTable } from './format-table.js';

/** How long a storage may take to answer, in milliseconds. */
const PATIENCE_MS = 15_000;

/** Whether it can be written; why not; undefined where it was not tried. */
type Writes = { readonly failure: string | undefined } | undefined;

/** What was found out about one storage. */
interface Finding {
  readonly mount: string;
  readonly kind: string;
  /** Or why it cannot be used. */
  readonly result: (StorageAbilities & { readonly writes: Writes }) | string;
}

/** What {@link connectStorages} found out. */
export interface Connected {
  /** A table, and a line for each storage that cannot be used. */
  readonly report: string;
  readonly failed: boolean;
}

const HEADINGS = ['MOUNT', 'KIND', 'WRITES', 'CONDITIONAL WRITES', 'REPLACING', 'METADATA', 'MULTIPART', 'REDIRECTS'];

/** Tries every storage, all at once, and tells what each can do. */
export async function connectStorages(mounts: readonly StorageMount[]): Promise<Connected> {
  await loadRemoteKinds(mounts);
  const findings = await Promise.all(mounts.map((mount) => connect(mount)));
  const rows: (readonly string[])[] = [HEADINGS];
  const failures: string[] = [];
  const notes: string[] = [];
  for (const { mount, kind, result } of findings) {
    if (typeof result === 'string') {
      rows.push([mount, kind, 'cannot be used']);
      failures.push(`${mount} (${kind}): ${result}\n`);
    } else {
      const { writes, conditionalWrites, replace, metadata, multipart, redirects } = result;
      const written = writes === undefined ? 'not tried' : writes.failure === undefined ? 'yes' : 'no';
      // Not a failure: a storage may be there to be read.
      if (writes?.failure !== undefined) notes.push(`note: ${mount} (${kind}) cannot be written: ${writes.failure}\n`);
      rows.push([mount, kind, written, conditionalWrites, replace, metadata, multipart, redirects]);
    }
  }
  return { report: formatTable(rows) + failures.join('') + notes.join(''), failed: failures.length > 0 };
}

async function connect(options: StorageMount): Promise<Finding> {
  const storage = mountStorage(options, new NoStorageObserver(), () => undefined);
  const { mount, kind } = storage;
  try {
    await within(PATIENCE_MS, storage.probe());
    const writes = await within(PATIENCE_MS, tryToWrite(storage));
    return { mount, kind, result: { ...storage.abilities(), writes } };
  } catch (error) {
    return { mount, kind, result: error instanceof Error ? error.message : String(error) };
  } finally {
    storage.close();
  }
}

/** Writes a small file where the gateway keeps its own, and removes it again. An upstream has no such place. */
async function tryToWrite({ files }: MountedStorage): Promise<Writes> {
  if (files === undefined) return undefined;
  const reserved = files.scope(RESERVED_FOLDER);
  const path = `check-${randomUUID()}` as StoragePath;
  try {
    await writeSmallFile(reserved, path, Buffer.from('bucketway check --connect\n'));
    await reserved.removeFile(path);
    return { failure: undefined };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}

async function within<T>(milliseconds: number, looking: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  return await Promise.race([looking, late]).finally(() => clearTimeout(timer));
}
