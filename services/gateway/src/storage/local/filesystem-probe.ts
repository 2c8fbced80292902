import fs from 'node:fs';
import { randomUUID } from 'node:crypto';
import { getAttributeSync, setAttributeSync } from '@napi-rs/xattr';
import { StorageError } from '../storage-error.js';
import { errnoOf } from './errno.js';
import { isOutOfSpace } from './record-attribute.js';

/** statfs(2) types of filesystems whose calls may wait for a network or another process. */
const REMOTE_TYPES = new Set([
  0x6969, // NFS
  0xff534d42, // CIFS
  0xfe534d42, // SMB2
  0x517b, // SMB
  0x65735546, // FUSE
  0x00c36400, // Ceph
  0x01021997, // 9p
  0x47504653, // GPFS
  0x0bd00bd0, // Lustre
  0x6b414653, // AFS
  0x5346414f, // OpenAFS
  0x19830326, // BeeGFS
  0x7461636f, // OCFS2
  0x01161970, // GFS2
]);

/** Whether a folder lies on a filesystem of this machine. */
export function isLocalFilesystem(path: string): boolean {
  return !REMOTE_TYPES.has(fs.statfsSync(path).type >>> 0);
}

/**
 * Whether files of a folder take extended attributes; tried on a file, since no call tells.
 *
 * @throws what keeps a file from being made: a full disk says nothing of attributes
 */
export function hasExtendedAttributes(folder: string): boolean {
  const file = `${folder}/probe-${randomUUID()}`;
  fs.writeFileSync(file, '', { flag: 'wx' });
  try {
    setAttributeSync(file, 'user.bucketway', '1');
    return getAttributeSync(file, 'user.bucketway')?.toString() === '1';
  } catch (error) {
    if (isOutOfSpace(error)) throw new StorageError('no-space', 'The storage is full.', { cause: error });
    return false;
  } finally {
    fs.rmSync(file, { force: true });
  }
}

/**
 * Whether a folder's filesystem has hard links, on which atomic creation and locks stand.
 *
 * @throws what keeps a file from being made
 */
export function hasHardLinks(folder: string): boolean {
  const file = `${folder}/probe-${randomUUID()}`;
  fs.writeFileSync(file, '', { flag: 'wx' });
  try {
    fs.linkSync(file, `${file}-link`);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT') throw error;
    return false;
  } finally {
    fs.rmSync(file, { force: true });
    fs.rmSync(`${file}-link`, { force: true });
  }
}

/** Where other filesystems are mounted below a root; none on systems that do not tell. */
export function mountsBelow(root: string): readonly string[] {
  let table: string;
  try {
    table = fs.readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return [];
  }
  // proc(5): the fifth field is the mount point, with blanks in octal.
  const points = table.split('\n').flatMap((line) => line.split(' ')[4] ?? []);
  return points
    .map((point) => point.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
    .filter((point) => point !== root && point.startsWith(root === '/' ? root : `${root}/`));
}
