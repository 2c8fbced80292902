import type { FolderHandle } from './folder-handle.js';

const MAX_IDLE = 64;
/** Milliseconds after which an idle folder is closed: an open one keeps its volume from being unmounted. */
const IDLE_MS = 2_000;

/**
 * Open folders between two uses, for writers of many files into one. Whoever takes one has it alone, and gives it back or closes it.
 * It is looked at again before it is lent: the folder may have been moved, removed or replaced meanwhile.
 */
export class FolderHandles {
  private readonly idle = new Map<string, { readonly handle: FolderHandle; readonly since: number }>();
  private timer: NodeJS.Timeout | undefined;

  /** An open folder that still lies at this path, if one is idle. */
  async take(path: string): Promise<FolderHandle | undefined> {
    const handle = this.idle.get(path)?.handle;
    if (handle === undefined) return undefined;
    this.idle.delete(path);
    try {
      if (await handle.isReachedBy(path)) return handle;
    } catch {
      // A folder above it has become a file: whoever opens it anew is told.
    }
    await handle.close();
    return undefined;
  }

  async give(path: string, handle: FolderHandle): Promise<void> {
    if (this.idle.has(path) || this.idle.size >= MAX_IDLE) {
      await handle.close();
      return;
    }
    this.idle.set(path, { handle, since: performance.now() });
    this.timer ??= setInterval(() => void this.closeIdle(), IDLE_MS).unref();
  }

  private async closeIdle(): Promise<void> {
    const before = performance.now() - IDLE_MS;
    for (const [path, { handle, since }] of this.idle) {
      if (since > before) continue;
      this.idle.delete(path);
      try {
        await handle.close();
      } catch {
        // Nobody waits for this: what a filesystem that is away says to it is of no use.
      }
    }
    if (this.idle.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
