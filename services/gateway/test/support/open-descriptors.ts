import fs from 'node:fs';

/** How many descriptors this process has of a kind (Linux). */
export function openDescriptors(kind: 'pipe' | 'socket'): number {
  return fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(`${kind}:`);
    } catch {
      return false;
    }
  }).length;
}
