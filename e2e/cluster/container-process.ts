// The first process of a pod's container, as this machine sees it where the node is on it: there is no other way to end it
// while no API server runs.
import { readdir, readFile } from 'node:fs/promises';

/** @returns its process id on this machine, or undefined where the pod does not run here */
export async function containerProcess(pod: string): Promise<number | undefined> {
  for (const pid of await readdir('/proc')) {
    if (/^\d+$/.test(pid) && (await isFirstOf(pid, pod))) return Number(pid);
  }
  return undefined;
}

async function isFirstOf(pid: string, pod: string): Promise<boolean> {
  try {
    // The ids in each namespace, from the outermost to its own.
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    if (!/^NSpid:\t\d+\t(\d+\t)*1$/m.test(status)) return false;
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').includes(`HOSTNAME=${pod}`);
  } catch {
    // It has ended since, or is somebody else's.
    return false;
  }
}
