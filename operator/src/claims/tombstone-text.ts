import { isTreePath } from '@bucketway/contract';
import type { Tombstone } from './claim.js';

/** What {@link parseTombstones} made of a text. */
export type ParsedTombstones = { readonly tombstones: readonly Tombstone[] } | { readonly mistake: string };

/** The text in which tombstones are stored: JSON, a line each, so that an administrator can take one out. */
export function tombstoneText(tombstones: readonly Tombstone[]): string {
  return tombstones.length === 0 ? '[]' : `[\n${tombstones.map(lineOf).join(',\n')}\n]`;
}

/** Of what one takes of the text, the length in bytes at most. */
export function tombstoneBytes(tombstone: Tombstone): number {
  return Buffer.byteLength(lineOf(tombstone)) + 2;
}

/**
 * Reads {@link tombstoneText}, whoever edited it since. One mistake and nothing of it counts: what the broken entry said is
 * somebody's data, too.
 */
export function parseTombstones(text: string): ParsedTombstones {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return { mistake: (error as Error).message };
  }
  if (!Array.isArray(parsed)) return { mistake: 'it is no list' };
  const broken = parsed.findIndex((entry) => !isTombstone(entry));
  if (broken >= 0) return { mistake: `entry ${broken} has not the texts path, bucketName, namespace, name and since` };
  return { tombstones: parsed as Tombstone[] };
}

function lineOf({ path, bucketName, namespace, name, since }: Tombstone): string {
  return JSON.stringify({ path, bucketName, namespace, name, since });
}

function isTombstone(entry: unknown): entry is Tombstone {
  const { path, bucketName, namespace, name, since } = (entry ?? {}) as Record<keyof Tombstone, unknown>;
  return isTreePath(path) && [bucketName, namespace, name, since].every((text) => typeof text === 'string');
}
