import { type Clock, SYSTEM_CLOCK } from './clock.js';
import type { KubeClient } from './kube-client.js';
import type { KubeObject } from './kube-object.js';
import { ListWatch, type ReflectorMetrics } from './list-watch.js';
import type { Resource } from './resource.js';
import { Store } from './store.js';

/** What to mirror, and how. */
export interface ReflectorOptions<T extends KubeObject> {
  /** Only this namespace. Without it and `namespaces`: all. */
  readonly namespace?: string | undefined;
  /** Only these namespaces, each by a list and a watch of its own. */
  readonly namespaces?: readonly string[] | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /**
   * What to keep of an object; `metadata` must keep name, namespace, uid and resourceVersion. `managedFields` are gone
   * already. An object at which it throws is kept whole.
   */
  readonly transform?: ((object: T) => T) | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  /** Told of every failure that is waited out, and of what listeners and `transform` throw. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly metrics?: ReflectorMetrics | undefined;
}

/**
 * Mirrors objects of one resource into a {@link Store}, by a list and a watch that goes on from it.
 *
 * The store is what the server once said: it is never emptied because the server is away, and after any gap a list puts
 * it right, telling listeners of each difference.
 */
export class Reflector<T extends KubeObject> {
  readonly store: Store<T>;
  /** Resolves when the store first holds all there is. Stays open if the reflector is stopped before. */
  readonly synced: Promise<void>;
  private readonly scopes: readonly ListWatch<T>[];
  private running: Promise<unknown> | undefined;

  constructor(client: KubeClient, resource: Resource<T>, options: ReflectorOptions<T> = {}) {
    const onError = quiet(options.onError);
    this.store = new Store<T>(onError);
    const namespaces = options.namespaces ?? [options.namespace];
    this.scopes = [...new Set(namespaces)].map(
      (namespace) =>
        new ListWatch({
          client,
          resource,
          namespace,
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
          transform: options.transform,
          store: this.store,
          clock: options.clock ?? SYSTEM_CLOCK,
          random: options.random ?? Math.random,
          onError,
          metrics: options.metrics ?? {},
        }),
    );
    this.synced = Promise.all(this.scopes.map((scope) => scope.synced)).then(() => undefined);
  }

  /**
   * When the server last sent anything (an object, an event, a bookmark), on the reflector's clock: the oldest such
   * moment of all watched namespaces. -Infinity before the first. Bookmarks come about once a minute.
   */
  get lastContactMs(): number {
    return Math.min(...this.scopes.map((scope) => scope.lastContactMs));
  }

  start(): void {
    this.running ??= Promise.all(this.scopes.map((scope) => scope.run()));
  }

  /** Ends the watches. The store keeps what it holds. */
  async stop(): Promise<void> {
    for (const scope of this.scopes) scope.stop();
    await this.running;
  }
}

/** Whoever is told of an error must not be able to end the watch. */
function quiet(onError: ((error: unknown) => void) | undefined): (error: unknown) => void {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // There is nobody left to tell.
    }
  };
}
