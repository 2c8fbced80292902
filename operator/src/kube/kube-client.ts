import { type Clock, SYSTEM_CLOCK } from './clock.js';
import { KubeCredentials } from './kube-credentials.js';
import { isKubeError, type KubeCall, KubeError } from './kube-error.js';
import { type KubeObject, objectKey, type ObjectRef } from './kube-object.js';
import { type CallOptions, type KubeRequest, type KubeRequestObserver, KubeTransport } from './kube-transport.js';
import { LineSplitter } from './line-splitter.js';
import { apiVersionOf, type Resource, resourceName, resourcePath } from './resource.js';
import { type Rate, TokenBucket } from './token-bucket.js';
import { parseWatchLine, type WatchEvent } from './watch-event.js';

/** What a client may be told. */
export interface KubeClientOptions {
  /** The limit for writes: 100 a second, 200 at once, without. Reads and urgent calls are not limited. */
  readonly writes?: Rate;
  readonly observe?: KubeRequestObserver;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** Which objects of a resource. Without a namespace: of all. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

/** What to list. Without `resourceVersion`, the answer is of the moment (a consistent read). */
export interface ListOptions extends Selection, CallOptions {
  readonly limit?: number | undefined;
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** `NotOlderThan`: a server that has not come as far as `resourceVersion` within a few seconds answers 504. */
  readonly resourceVersionMatch?: 'NotOlderThan' | undefined;
}

/** One page of a list. */
export interface ObjectList<T> {
  readonly items: T[];
  /** From which a watch goes on without a gap. */
  readonly resourceVersion: string;
  /** Where the next page begins; undefined on the last. */
  readonly continue?: string;
}

/** What to watch, and from where. */
export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After which the server ends the watch. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  /** Called whenever bytes come, whole event or not. */
  readonly onContact?: () => void;
}

/** How to write. */
export interface WriteOptions extends CallOptions {
  readonly fieldManager: string;
}

/** How to apply. */
export interface ApplyOptions extends WriteOptions {
  /** Takes over fields that others manage, instead of failing with Conflict. */
  readonly force: boolean;
  readonly subresource?: 'status' | undefined;
}

/** How to patch. */
export interface PatchOptions extends CallOptions {
  readonly type: 'json' | 'merge';
  readonly subresource?: 'status' | undefined;
  readonly fieldManager?: string | undefined;
}

/** When, and how, to delete. */
export interface DeleteOptions extends CallOptions {
  /** Only the object with this uid, not its successor of the same name. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

/**
 * The API server. Objects are the JSON that it sent, with `apiVersion` and `kind`, which its lists leave out, filled in.
 *
 * Every method throws a {@link KubeError}, has 30 s unless told otherwise, and repeats what the server asks to repeat
 * (429, Retry-After).
 */
export class KubeClient {
  private readonly transport: KubeTransport;

  constructor(
    private readonly credentials: KubeCredentials,
    options: KubeClientOptions = {},
  ) {
    const clock = options.clock ?? SYSTEM_CLOCK;
    this.transport = new KubeTransport({
      credentials,
      clock,
      writes: new TokenBucket(options.writes ?? { perSecond: 100, burst: 200 }, clock),
      observe: options.observe ?? (() => {}),
      random: options.random ?? Math.random,
    });
  }

  /** @param kubeconfig Its path; without one, the pod's service account is used, else `KUBECONFIG`. */
  static fromConfig(kubeconfig?: string, options: KubeClientOptions = {}): KubeClient {
    return new KubeClient(KubeCredentials.fromConfig(kubeconfig, options.clock ?? SYSTEM_CLOCK), options);
  }

  /** The namespace of the pod, or of the kubeconfig's context. */
  get namespace(): string | undefined {
    return this.credentials.namespace;
  }

  /** One object; undefined if there is none. */
  async get<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    options: CallOptions = {},
  ): Promise<T | undefined> {
    const request: KubeRequest = {
      call: describe('get', resource, ref),
      method: 'GET',
      path: resourcePath(resource, ref),
    };
    try {
      return complete(resource, await this.transport.json(request, options));
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** One page of a list: all of it, without `limit`. */
  async list<T extends KubeObject>(resource: Resource<T>, options: ListOptions): Promise<ObjectList<T>> {
    const call = describe('list', resource, options);
    const answer = await this.transport.json(
      {
        call,
        method: 'GET',
        path: resourcePath(resource, { namespace: options.namespace }),
        query: {
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
          limit: options.limit,
          continue: options.continue,
          resourceVersion: options.resourceVersion,
          resourceVersionMatch: options.resourceVersionMatch,
        },
      },
      options,
    );
    const list = answer as { items?: T[] | null; metadata?: { resourceVersion?: string; continue?: string } };
    const version = list?.metadata?.resourceVersion;
    if (!version) throw new KubeError(call, { status: 200, reason: 'InvalidAnswer', detail: 'no resourceVersion' });
    return {
      items: (list.items ?? []).map((item) => complete(resource, item)),
      resourceVersion: version,
      ...(list.metadata?.continue ? { continue: list.metadata.continue } : {}),
    };
  }

  /** Creates; AlreadyExists if there is one of that name. */
  async create<T extends KubeObject>(resource: Resource<T>, object: T, options: WriteOptions): Promise<T> {
    const { namespace } = object.metadata;
    return this.write(resource, options, {
      call: describe('create', resource, object.metadata),
      method: 'POST',
      path: resourcePath(resource, { namespace }),
      query: { fieldManager: options.fieldManager },
      body: complete(resource, object),
    });
  }

  /**
   * PUT: the whole object is as given from now on. With `metadata.resourceVersion` it is a compare-and-swap: Conflict
   * if it has been written since.
   */
  async replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    options: CallOptions & { readonly fieldManager?: string | undefined } = {},
  ): Promise<T> {
    return this.write(resource, options, {
      call: describe('update', resource, object.metadata),
      method: 'PUT',
      path: resourcePath(resource, object.metadata),
      query: { fieldManager: options.fieldManager },
      body: complete(resource, object),
    });
  }

  /** Server-side apply: creates, or makes the fields that are given ours. What is left out is no longer ours. */
  async apply<T extends KubeObject>(resource: Resource<T>, object: T, options: ApplyOptions): Promise<T> {
    return this.write(resource, options, {
      call: describe('apply', resource, object.metadata, options.subresource),
      method: 'PATCH',
      path: resourcePath(resource, object.metadata, options.subresource),
      query: { fieldManager: options.fieldManager, force: options.force },
      // JSON is YAML, and the only type that servers before 1.34 take for an apply.
      contentType: 'application/apply-patch+yaml',
      body: complete(resource, object),
    });
  }

  /** RFC 6902 (`json`, an array of operations) or RFC 7386 (`merge`). */
  async patch<T extends KubeObject>(
    resource: Resource<T>,
    ref: ObjectRef,
    patch: object,
    options: PatchOptions,
  ): Promise<T> {
    return this.write(resource, options, {
      call: describe('patch', resource, ref, options.subresource),
      method: 'PATCH',
      path: resourcePath(resource, ref, options.subresource),
      query: { fieldManager: options.fieldManager },
      contentType: options.type === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json',
      body: patch,
    });
  }

  /**
   * Deletes; false if there was none. With finalizers, the object goes later.
   *
   * @throws KubeError Conflict if `uid` or `resourceVersion` is not the object's.
   */
  async delete(resource: Resource<KubeObject>, ref: ObjectRef, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, propagationPolicy } = options;
    const request: KubeRequest = {
      call: describe('delete', resource, ref),
      method: 'DELETE',
      path: resourcePath(resource, ref),
      body: {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        ...(propagationPolicy ? { propagationPolicy } : {}),
        ...(uid || resourceVersion
          ? { preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) } }
          : {}),
      },
    };
    try {
      await this.transport.json(request, options);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  /**
   * The events after `resourceVersion`. Ends when the server ends it or `signal` is aborted; an incomplete last line is
   * dropped, since the watch can go on from the event before it.
   *
   * @throws KubeError of the answer, of an ERROR event, or ConnectionFailed, or InvalidAnswer for what is no event.
   */
  async *watch<T extends KubeObject>(resource: Resource<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const call = describe('watch', resource, options);
    const { signal } = options;
    const request: KubeRequest = {
      call,
      method: 'GET',
      path: resourcePath(resource, { namespace: options.namespace }),
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: options.resourceVersion,
        timeoutSeconds: options.timeoutSeconds,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
      },
    };
    const body = await this.transport.stream(request, { signal });
    options.onContact?.();
    const lines = new LineSplitter();
    try {
      for await (const chunk of body) {
        options.onContact?.();
        for (const text of lines.push(chunk)) yield readEvent<T>(call, text);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof KubeError) throw error;
      if (error instanceof RangeError) throw new KubeError(call, { status: 0, reason: 'InvalidAnswer', cause: error });
      throw new KubeError(call, { status: 0, reason: 'ConnectionFailed', cause: error });
    }
  }

  /** Any GET below the server's root, as JSON: `/version`. For what is no resource. */
  async raw(path: string, options: CallOptions = {}): Promise<unknown> {
    return this.transport.json({ call: { verb: 'get', resource: path, target: '' }, method: 'GET', path }, options);
  }

  /** Ends the connections; with `now`, together with what still runs on them. */
  async close(now = false): Promise<void> {
    await this.credentials.close(now);
  }

  private async write<T extends KubeObject>(
    resource: Resource<T>,
    options: CallOptions,
    request: KubeRequest,
  ): Promise<T> {
    return complete(resource, await this.transport.json(request, options));
  }
}

function readEvent<T extends KubeObject>(call: KubeCall, text: string): WatchEvent<T> {
  const line = parseWatchLine<T>(text);
  if (!line) throw new KubeError(call, { status: 200, reason: 'InvalidAnswer', detail: 'a line is not an event' });
  if (line.type !== 'ERROR') return line;
  const code = (line.object as { code?: unknown } | undefined)?.code;
  throw KubeError.fromStatus(call, typeof code === 'number' ? code : 500, line.object);
}

function describe(
  verb: string,
  resource: Resource<KubeObject>,
  ref: { namespace?: string | undefined; name?: string | undefined },
  subresource?: string,
): KubeCall {
  const name = resourceName(resource);
  const target =
    ref.name === undefined ? (ref.namespace ?? '') : objectKey({ namespace: ref.namespace, name: ref.name });
  return { verb, resource: subresource ? `${name}/${subresource}` : name, target };
}

function complete<T extends KubeObject>(resource: Resource<T>, object: unknown): T {
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, ...(object as T) };
}

function isNotFound(error: unknown): boolean {
  return isKubeError(error, 'NotFound') && error.status === 404;
}
