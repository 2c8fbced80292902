/** How a storage of the tree is, in `/status`. Holds no secret. */
export interface StorageState {
  readonly mount: string;
  /** `local` */
  readonly kind: string;
  readonly state: 'ready' | 'unavailable';
  /** Why it is not available, or what was found out about it. */
  readonly detail?: string;
}
