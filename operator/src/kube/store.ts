import { isDeepStrictEqual } from 'node:util';
import { type KubeObject, objectKey } from './kube-object.js';

/** One change of a store. Without `before` the object is new, without `after` it is gone. */
export interface StoreChange<T> {
  /** `namespace/name`, or `name` of a cluster's object. */
  readonly key: string;
  readonly before?: T;
  readonly after?: T;
}

/** Told of every change. */
export type StoreListener<T> = (change: StoreChange<T>) => void;

/**
 * The last known state of objects, by key. Readers must not change what they get.
 *
 * An object that was deleted and made anew between two events (it has another uid) is two changes, so that nobody takes
 * the new one for the old one.
 */
export class Store<T extends KubeObject> {
  private readonly objects = new Map<string, T>();
  private readonly listeners = new Set<StoreListener<T>>();

  /** @param onListenerError What a listener threw; the other listeners, and the store, go on. */
  constructor(private readonly onListenerError: (error: unknown) => void = () => {}) {}

  get(key: string): T | undefined {
    return this.objects.get(key);
  }

  values(): Iterable<T> {
    return this.objects.values();
  }

  keys(): Iterable<string> {
    return this.objects.keys();
  }

  get size(): number {
    return this.objects.size;
  }

  /** Calls `listener` at each change, after it. Returns what ends that. */
  onChange(listener: StoreListener<T>): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Puts in an object. The same version again is no change. */
  set(object: T): void {
    const before = this.objects.get(objectKey(object.metadata));
    if (!before || !sameVersion(before, object)) this.put(object);
  }

  private put(object: T): void {
    const key = objectKey(object.metadata);
    const before = this.objects.get(key);
    if (before && before.metadata.uid !== object.metadata.uid) this.delete(key);
    const replaced = this.objects.get(key);
    this.objects.set(key, object);
    this.tell(replaced ? { key, before: replaced, after: object } : { key, after: object });
  }

  /** Takes out an object; with `uid`, only if it is that one. */
  delete(key: string, uid?: string): void {
    const before = this.objects.get(key);
    if (!before || (uid !== undefined && before.metadata.uid !== uid)) return;
    this.objects.delete(key);
    this.tell({ key, before });
  }

  /**
   * Makes these objects all that there are, of one namespace or of all. A server that was restored from a backup gives
   * out versions again, so that the same version is no change only if it says the same.
   */
  replace(objects: Iterable<T>, namespace?: string): void {
    const there = new Set<string>();
    for (const object of objects) {
      const key = objectKey(object.metadata);
      there.add(key);
      if (!isDeepStrictEqual(this.objects.get(key), object)) this.put(object);
    }
    for (const [key, object] of this.objects) {
      if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
      if (!there.has(key)) this.delete(key);
    }
  }

  private tell(change: StoreChange<T>): void {
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }
}

/** Is it the same object in the same state? */
export function sameVersion(one: KubeObject, other: KubeObject): boolean {
  return (
    one.metadata.uid === other.metadata.uid &&
    one.metadata.resourceVersion !== undefined &&
    one.metadata.resourceVersion === other.metadata.resourceVersion
  );
}
