import type { ReportingPod } from './acknowledgement.js';
import type { ReportedStorage } from './gateway-report.js';

/** A storage that a gateway cannot reach. */
export interface Outage {
  readonly pod: string;
  readonly storage: ReportedStorage;
}

/** Looks whether a ready gateway says that the storage of a path is away: that in which it lies, or one mounted below. */
export function findOutage(pods: Iterable<ReportingPod>, path: string): Outage | undefined {
  for (const { pod, report } of pods) {
    if (!pod.ready || report === undefined) continue;
    const storage = storagesOf(path, report.storages).find(({ available }) => !available);
    if (storage !== undefined) return { pod: pod.name, storage };
  }
  return undefined;
}

function storagesOf(path: string, storages: readonly ReportedStorage[]): ReportedStorage[] {
  const below = storages.filter(({ mount }) => mount !== path && isWithin(mount, path));
  const around = storages.filter(({ mount }) => isWithin(path, mount));
  const innermost = around.sort((a, b) => b.mount.length - a.mount.length)[0];
  return innermost === undefined ? below : [innermost, ...below];
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}
