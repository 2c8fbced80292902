import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

let able: boolean | undefined;

/** Whether this process may mount filesystems; says so loudly where it may not, since what needs one is then not tested. */
export function canMount(): boolean {
  if (able === undefined) {
    const folder = fs.mkdtempSync('/tmp/mount-');
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
      execFileSync('umount', [folder], { stdio: 'ignore' });
      able = true;
    } catch {
      able = false;
      process.stderr.write('SKIPPED: full, read-only and foreign filesystems, since this user cannot mount any.\n');
    }
    fs.rmdirSync(folder);
  }
  return able;
}

/** Mounts a filesystem that lives in memory. @returns what unmounts it */
export function mountTmpfs(folder: string, options = 'size=4m'): () => void {
  fs.mkdirSync(folder, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  return () => execFileSync('umount', ['-l', folder]);
}

/** Shows a folder at another place, as a Kubernetes subPath does. */
export function mountBind(from: string, to: string): () => void {
  fs.mkdirSync(to, { recursive: true });
  execFileSync('mount', ['--bind', from, to]);
  return () => execFileSync('umount', ['-l', to]);
}

/** Makes a mounted filesystem read-only, or writable again. */
export function remount(folder: string, mode: 'ro' | 'rw'): void {
  execFileSync('mount', ['-o', `remount,${mode}`, folder]);
}
