/** Facts that a server gives of a file or folder. */
export interface RemoteEntry {
  /** The last segment of its path. */
  readonly name: string;
  readonly kind: 'file' | 'folder';
  /** Bytes; 0 for a folder. */
  readonly size: number;
  /** Milliseconds since the epoch, in the precision that the server has: often whole seconds. */
  readonly mtimeMs: number;
  /** Tells one version of a file from the next as far as the server can (an entity tag); empty where it cannot. */
  readonly identity: string;
}
