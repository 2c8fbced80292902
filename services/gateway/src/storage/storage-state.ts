/** What kinds of storage there are, as the configuration names them. */
export type StorageKind = 'local' | 'openlist' | 'webdav' | 's3';

/** How a storage of the tree is, in `/status`. Holds no secret. */
export interface StorageState {
  readonly mount: string;
  readonly kind: StorageKind;
  /** `unknown` until it was looked at for the first time. */
  readonly state: 'ready' | 'unavailable' | 'unknown';
  /** Why it is not available. */
  readonly detail?: string;
  /** Since when it is so, as far as this process has seen; ISO 8601. */
  readonly since: string;
}
