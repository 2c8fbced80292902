import type { CopyOrigin } from '../../objects/storage-copy.js';
import { quoted } from './object-facts.js';

/** The source of a copy, pinned to one version, in the SDK's words. */
export function copySourceOf(origin: CopyOrigin): { CopySource: string; CopySourceIfMatch: string } {
  return {
    CopySource: origin.place.split('/').map(encodeURIComponent).join('/'),
    CopySourceIfMatch: quoted(origin.etag),
  };
}
