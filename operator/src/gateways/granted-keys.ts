/** The keys that a gateway lets in by one mappings document. */
export interface GrantedKeys {
  readonly revision: number;
  readonly hash: string;
  readonly accessKeyIds: ReadonlySet<string>;
}

/** Reads the answer of `/status/keys`, by shard. @throws Error where it is not such an answer */
export function parseGrantedKeys(body: unknown): ReadonlyMap<number, GrantedKeys> {
  const { documents } = (body ?? {}) as { documents?: unknown };
  if (!Array.isArray(documents)) throw new Error('the answer of /status/keys has no documents');
  return new Map(documents.map(toGrantedKeys));
}

function toGrantedKeys(document: unknown): [number, GrantedKeys] {
  const { shard, revision, hash, accessKeyIds } = (document ?? {}) as Partial<
    Record<keyof GrantedKeys | 'shard', unknown>
  >;
  const isComplete = typeof revision === 'number' && typeof hash === 'string' && Array.isArray(accessKeyIds);
  if (!isComplete) throw new Error('a document of /status/keys lacks its revision, hash or keys');
  return [Number(shard), { revision, hash, accessKeyIds: new Set(accessKeyIds.map(String)) }];
}
