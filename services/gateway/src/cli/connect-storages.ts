import type { StorageMount } from '../config/snapshot.js';
import { NoStorageObserver } from '../observability/storage-observer.js';
import { mountStorage } from '../storage/mount-storage.js';
import { loadRemoteKinds } from '../storage/remote-kinds.js';
import type { StorageAbilities } from '../storage/storage-abilities.js';
import { formatTable } from './format-table.js';

/** How long a storage may take to answer, in milliseconds. */
const PATIENCE_MS = 15_000;

/** What was found out about one storage. */
interface Finding {
  readonly mount: string;
  readonly kind: string;
  /** Or why it cannot be used. */
  readonly result: StorageAbilities | string;
}

/** What {@link connectStorages} found out. */
export interface Connected {
  /** A table, and a line for each storage that cannot be used. */
  readonly report: string;
  readonly failed: boolean;
}

const HEADINGS = ['MOUNT', 'KIND', 'CONDITIONAL WRITES', 'REPLACING', 'METADATA', 'MULTIPART', 'REDIRECTS'];

/** Tries every storage, all at once, and tells what each can do. */
export async function connectStorages(mounts: readonly StorageMount[]): Promise<Connected> {
  await loadRemoteKinds(mounts);
  const findings = await Promise.all(mounts.map((mount) => connect(mount)));
  const rows: (readonly string[])[] = [HEADINGS];
  const failures: string[] = [];
  for (const { mount, kind, result } of findings) {
    if (typeof result === 'string') {
      rows.push([mount, kind, 'cannot be used']);
      failures.push(`${mount} (${kind}): ${result}\n`);
    } else {
      const { conditionalWrites, replace, metadata, multipart, redirects } = result;
      rows.push([mount, kind, conditionalWrites, replace, metadata, multipart, redirects]);
    }
  }
  return { report: formatTable(rows) + failures.join(''), failed: failures.length > 0 };
}

async function connect(options: StorageMount): Promise<Finding> {
  const storage = mountStorage(options, new NoStorageObserver(), () => undefined);
  const { mount, kind } = storage;
  try {
    await within(PATIENCE_MS, storage.probe());
    return { mount, kind, result: storage.abilities() };
  } catch (error) {
    return { mount, kind, result: error instanceof Error ? error.message : String(error) };
  } finally {
    storage.close();
  }
}

async function within(milliseconds: number, looking: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it did not answer within ${milliseconds / 1000} s`)), milliseconds);
  });
  await Promise.race([looking, late]).finally(() => clearTimeout(timer));
}
