import { hash } from 'node:crypto';
import type { FileStat } from '../../storage/file-driver.js';

/**
 * The entity tag of a file that nobody put through S3. It changes when the file does, and ends in `-1` so that no client takes it for
 * an MD5 of the content.
 */
export function opaqueETag(stat: FileStat): string {
  return `${hash('md5', `${stat.identity} ${stat.size} ${stat.mtimeMs}`)}-1`;
}
