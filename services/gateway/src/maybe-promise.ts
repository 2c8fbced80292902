/** A value, or a promise of it: local storages answer at once, and the hot paths must not pay for a queue they do not need. */
export type MaybePromise<T> = T | Promise<T>;
