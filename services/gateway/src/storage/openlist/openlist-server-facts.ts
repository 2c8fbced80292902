import type { OpenlistApi } from './openlist-api.js';
import { OpenlistMounts } from './openlist-mounts.js';

/** Storages are mounted and taken away while OpenList runs; what is known of them is asked for again after this, in milliseconds. */
const MOUNTS_FRESH_MS = 60_000;

/** What is asked of OpenList once and then known for a while. */
export class OpenlistServerFacts {
  private asked: Promise<string> | undefined;
  private mountsAsked: Promise<OpenlistMounts> | undefined;
  private mountsAskedAt = -Infinity;

  constructor(private readonly api: OpenlistApi) {}

  /** What the token's account is confined to. */
  basePath(): Promise<string> {
    return (this.asked ??= this.api.basePath().catch((error: unknown) => {
      this.asked = undefined;
      throw error;
    }));
  }

  mounts(): Promise<OpenlistMounts> {
    if (this.mountsAsked === undefined || performance.now() - this.mountsAskedAt > MOUNTS_FRESH_MS) this.ask();
    return this.mountsAsked as Promise<OpenlistMounts>;
  }

  /** Asks anew. */
  refresh(): Promise<OpenlistMounts> {
    this.asked = undefined;
    this.ask();
    return this.mountsAsked as Promise<OpenlistMounts>;
  }

  private ask(): void {
    this.mountsAskedAt = performance.now();
    this.mountsAsked = this.askMounts().catch((error: unknown) => {
      this.mountsAsked = undefined;
      throw error;
    });
  }

  private async askMounts(): Promise<OpenlistMounts> {
    const [base, storages] = await Promise.all([this.basePath(), this.api.storages()]);
    if (base === '/') return new OpenlistMounts(storages);
    // Mount paths are those of the whole server; all others are as the account sees them.
    return new OpenlistMounts(
      storages.map((storage) => ({ ...storage, mount_path: belowBase(storage.mount_path, base) })),
    );
  }
}

/** A mount above the base covers all that the account sees; one beside it covers nothing. */
function belowBase(mountPath: string, base: string): string {
  if (mountPath === '/' || base === mountPath || base.startsWith(`${mountPath}/`)) return '/';
  return mountPath.startsWith(`${base}/`) ? mountPath.slice(base.length) : `/\0${mountPath}`;
}
