import type { DocumentObject, Entries } from './document-object.js';

/** A draft turned into what is stored. */
export interface RenderedDocument {
  readonly entries: Entries;
  readonly revision: number;
  readonly hash: string;
}

/** What a shard should hold at one moment. */
export interface ShardDraft {
  /** Equal for drafts that say the same, whatever their revision. */
  readonly fingerprint: string;
  /**
   * @param next a revision above all that were there
   * @param current the stored revision, where a document whose content is the same may keep it
   */
  render(next: number, current: number | undefined): RenderedDocument;
  /** It says what is stored already, and was not sent. */
  dropped(): void;
  /** It is stored, and nothing that was drafted before can be any more. */
  stored(document: RenderedDocument): void;
}

/** What one shard holds. */
export interface ShardContent {
  /**
   * What should be stored now. Until the next draft is known to be stored, this one may be: a write whose answer was lost
   * can have succeeded.
   *
   * @throws Error where nothing can be written yet; those who wait are told
   */
  draft(): ShardDraft | Promise<ShardDraft>;
  /** The revision that an object claims to have; 0 where it has none. */
  revisionOf(object: DocumentObject): number;
}
