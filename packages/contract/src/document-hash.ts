import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { DOCUMENT_VERSION } from './limits.js';

/** What both documents carry beside their content. */
export interface DocumentHeader {
  readonly version: typeof DOCUMENT_VERSION;
  /** Grows with each change of the content. */
  readonly revision: number;
  /** `sha256:` and hex; see {@link documentHash}. */
  readonly hash: string;
}

/**
 * The hash that a document must carry: SHA-256 over the canonical JSON of the whole document without its member
 * `hash`. It covers version and revision too, so that no hand edit goes unnoticed.
 */
export function documentHash(document: object): string {
  return sha256({ ...document, hash: undefined });
}

/** A hash of the content alone, without revision: equal where two revisions say the same. */
export function contentHash(document: object): string {
  return sha256({ ...document, hash: undefined, revision: undefined });
}

/** Makes a complete document of its content: adds version, revision and hash. */
export function seal<Content extends object>(content: Content, revision: number): Content & DocumentHeader {
  const document = { version: DOCUMENT_VERSION, revision, ...content } as const;
  return { ...document, hash: documentHash({ ...document, revision, version: DOCUMENT_VERSION }) };
}

/** Whether a document carries the hash of what it says. */
export function verify(document: { readonly hash?: unknown }): boolean {
  return document.hash === documentHash(document);
}

function sha256(value: object): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}
