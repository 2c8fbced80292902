/** How much is at a path, or by how much it grew. */
export interface Usage {
  /** Bytes of the objects. */
  readonly size: number;
  readonly objects: number;
}

/** What the gateway knows of a path that has buckets with a quota. */
export interface PathUsage extends Usage {
  readonly path: string;
  /** When its objects were counted last, in milliseconds since 1970. What was written since is added. */
  readonly observedAt: number;
}

/** What one process did to a path since it told last. */
export interface UsageChange extends Usage {
  readonly path: string;
  /** Whether it refused a write. */
  readonly refused: boolean;
}

/** What came of counting the objects of a path. */
export type Measurement = Usage | { readonly failure: string };
