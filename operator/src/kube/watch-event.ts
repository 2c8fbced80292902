import type { KubeObject } from './kube-object.js';
import { isRecord } from './is-record.js';

/** One event of a watch. A bookmark's object has nothing but its resourceVersion. */
export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/** A line of a watch: an event, or the `Status` with which the server ends it. */
export type WatchLine<T extends KubeObject> = WatchEvent<T> | { readonly type: 'ERROR'; readonly object: unknown };

/** Reads one line. Undefined: it is neither an event nor an error, and nothing behind it can be trusted. */
export function parseWatchLine<T extends KubeObject>(line: string): WatchLine<T> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRecord(value)) return undefined;
  const { type, object } = value;
  if (type === 'ERROR') return { type, object };
  if (type !== 'ADDED' && type !== 'MODIFIED' && type !== 'DELETED' && type !== 'BOOKMARK') return undefined;
  if (!isRecord(object) || !isRecord(object['metadata'])) return undefined;
  const { name, resourceVersion } = object['metadata'];
  if (typeof resourceVersion !== 'string' || resourceVersion === '') return undefined;
  if (type !== 'BOOKMARK' && (typeof name !== 'string' || name === '')) return undefined;
  return { type, object: object as unknown as T };
}
