import type { DocumentVersion } from '../gateways/acknowledgement.js';

/**
 * The version of a document since which a change is stored: gateways that have it, or a later one, have the change.
 */
export interface PublishedRevision extends DocumentVersion {
  /** Of the document at that revision. */
  readonly hash: string;
}
