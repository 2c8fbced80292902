import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { readdir, readlink, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDocumentFileName } from '@bucketway/contract';
import { KUBELET_DATA_LINK } from './document-folder.js';

/** What to watch; absolute paths. */
export interface WatchedPaths {
  /** Files, followed through links. */
  readonly files: readonly string[];
  /** Folders of documents. */
  readonly folders: readonly string[];
}

/** How long to wait for an editor or a kubelet to finish, in milliseconds. */
const QUIET_MS = 60;

/** How often to look without having been told: some filesystems (NFS, FUSE) tell nothing. */
const POLL_MS = 700;

/**
 * Calls back when files change. The kernel's notices only make it look earlier; what counts is whether the facts of
 * the files (inode, size, times, link targets) are others than when they were last read.
 */
export class FileWatcher {
  private paths: WatchedPaths = { files: [], folders: [] };
  private readonly watchers = new Map<string, FSWatcher>();
  private fingerprint = '';
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private looking = false;
  private closed = false;

  /** @param onChange must not throw; it is not called again before it returned */
  constructor(private readonly onChange: () => void) {}

  /** Begins to watch, and soon calls back once: the files may have changed since they were read. */
  start(paths: WatchedPaths): void {
    this.watchOnly(paths);
    this.schedule(QUIET_MS);
  }

  /** Replaces what is watched. Other paths have another fingerprint, so they are read once more after a change. */
  watchOnly(paths: WatchedPaths): void {
    this.paths = paths;
    const folders = new Set([...paths.folders, ...paths.files.map((file) => dirname(file))]);
    for (const [folder, watcher] of this.watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.watchers.delete(folder);
    }
    for (const folder of folders) this.watchFolder(folder);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
  }

  private watchFolder(folder: string): void {
    if (this.watchers.has(folder) || this.closed) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.schedule(QUIET_MS));
      watcher.on('error', () => this.forget(folder));
      this.watchers.set(folder, watcher);
    } catch {
      // Not there, or out of watches: polling finds it.
    }
  }

  private forget(folder: string): void {
    this.watchers.get(folder)?.close();
    this.watchers.delete(folder);
  }

  /** Looks after a while, or earlier where that is due already: notices without end must not put it off. */
  private schedule(delayMs: number): void {
    const dueAt = performance.now() + delayMs;
    if (this.closed || dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), delayMs).unref();
  }

  private async look(): Promise<void> {
    this.dueAt = Infinity;
    if (this.looking) return;
    this.looking = true;
    const { paths } = this;
    const fingerprint = await fingerprintOf(paths);
    if (this.closed) return;
    if (fingerprint !== this.fingerprint) {
      this.fingerprint = fingerprint;
      this.onChange();
    }
    // A folder that was replaced has lost its watch.
    this.watchOnly(this.paths);
    this.looking = false;
    this.schedule(POLL_MS);
  }
}

async function fingerprintOf({ files, folders }: WatchedPaths): Promise<string> {
  const facts = await Promise.all([...files.map(factsOfFile), ...folders.map(factsOfFolder)]);
  return facts.join('\n');
}

async function factsOfFile(file: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return `${file} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return `${file} ${(error as NodeJS.ErrnoException).code}`;
  }
}

async function factsOfFolder(folder: string): Promise<string> {
  try {
    return `${folder} ${await readlink(join(folder, KUBELET_DATA_LINK))}`;
  } catch {
    // A plain folder.
  }
  try {
    const names = (await readdir(folder)).filter((name) => parseDocumentFileName(name) !== undefined);
    return (await Promise.all(names.toSorted().map((name) => factsOfFile(join(folder, name))))).join('\n');
  } catch (error) {
    return `${folder} ${(error as NodeJS.ErrnoException).code}`;
  }
}
