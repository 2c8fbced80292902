import type { DocumentApi } from '../../src/documents/document-api.js';
import { KubeError } from '../../src/kube/kube-error.js';
import type { KubeObject, ObjectMeta, ObjectRef } from '../../src/kube/kube-object.js';
import { objectKey } from '../../src/kube/kube-object.js';
import type { Resource } from '../../src/kube/resource.js';

/** What becomes of a write. `lost`: it is stored, but the answer does not arrive. */
export type WriteFate = 'stored' | 'refused' | 'unsent' | 'lost';

/** One write that was stored. */
export interface StoredWrite {
  readonly key: string;
  readonly object: KubeObject;
}

/** An object that a test may change. */
export interface EditedObject {
  apiVersion?: string;
  kind?: string;
  metadata: { -readonly [Member in keyof ObjectMeta]: ObjectMeta[Member] };
  data?: Record<string, string>;
  immutable?: boolean;
}

/** ConfigMaps and Secrets in memory, with the API server's compare-and-swap. Calls take a turn of the event loop. */
export class MemoryDocumentApi implements DocumentApi {
  /** By `plural/namespace/name`. */
  readonly objects = new Map<string, KubeObject>();
  readonly writes: StoredWrite[] = [];
  /** Asked for each write. */
  fate: (key: string) => WriteFate = () => 'stored';
  /** Told of each write that was stored, and with undefined of each deletion, before its caller is. */
  onStored: (key: string, object: KubeObject | undefined) => void = () => {};
  /** Awaited before each call. */
  gate: () => Promise<void> = () => new Promise((resolve) => void setImmediate(resolve));
  private version = 0;

  async get<T extends KubeObject>(resource: Resource<T>, ref: ObjectRef): Promise<T | undefined> {
    await this.gate();
    return structuredClone(this.objects.get(keyOf(resource, ref))) as T | undefined;
  }

  async create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.gate();
    const key = keyOf(resource, object.metadata);
    return this.write(key, object, () => {
      if (this.objects.has(key)) throw failure(409, 'AlreadyExists');
    });
  }

  async replace<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    await this.gate();
    const key = keyOf(resource, object.metadata);
    return this.write(key, object, () => {
      const live = this.objects.get(key);
      if (live === undefined) throw failure(404, 'NotFound');
      if (live.metadata.resourceVersion !== object.metadata.resourceVersion) throw failure(409, 'Conflict');
      if ((live as EditedObject).immutable === true) throw failure(422, 'Invalid');
    });
  }

  async delete(resource: Resource<KubeObject>, ref: ObjectRef): Promise<boolean> {
    await this.gate();
    return this.remove(keyOf(resource, ref));
  }

  /** Somebody else writes an object. Returns what is stored. */
  edit(key: string, change: (object: EditedObject) => void): KubeObject {
    const object = structuredClone(this.objects.get(key)) as EditedObject;
    change(object);
    return this.store(key, object);
  }

  /** Somebody else deletes an object. */
  remove(key: string): boolean {
    const removed = this.objects.delete(key);
    if (removed) this.onStored(key, undefined);
    return removed;
  }

  /** Objects of a plural. */
  list<T extends KubeObject>(plural: string): T[] {
    return [...this.objects]
      .filter(([key]) => key.startsWith(`${plural}/`))
      .map(([, object]) => structuredClone(object) as T);
  }

  private write<T extends KubeObject>(key: string, object: T, check: () => void): T {
    const fate = this.fate(key);
    if (fate === 'unsent') throw failure(0, 'ConnectionFailed');
    if (fate === 'refused') throw failure(403, 'Forbidden');
    check();
    const stored = this.store(key, object);
    this.writes.push({ key, object: stored });
    if (fate === 'lost') throw failure(0, 'Timeout');
    return structuredClone(stored) as T;
  }

  private store(key: string, object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(++this.version) };
    const stored = structuredClone({ ...object, metadata });
    this.objects.set(key, stored);
    this.onStored(key, stored);
    return stored;
  }
}

function keyOf(resource: Pick<Resource<KubeObject>, 'plural'>, ref: ObjectRef): string {
  return `${resource.plural}/${objectKey(ref)}`;
}

function failure(status: number, reason: string): KubeError {
  return new KubeError({ verb: 'write', resource: 'documents', target: '' }, { status, reason });
}
