import type { HttpLimits } from '../http/http-exchange.js';

/** How an OpenList server is spoken to, and what of it is served. */
export interface OpenlistOptions extends HttpLimits {
  /** Where OpenList answers, with its base path if it has one; `http` or `https`, no trailing slash, no credentials. */
  readonly url: string;
  /** The folder of OpenList that becomes the storage's root, absolute, as an administrator sees it; `/` for all of it. */
  readonly path: string;
  /** OpenList's static token (Settings, Other), already read from its file. Goes into requests only. */
  readonly token: string;
  /**
   * Renaming over a file replaces it at once, as on OpenList's Local storage. False for storages that copy and delete, or
   * that leave a moment without the file: readers may then find the name empty during a replacement.
   */
  readonly atomicRename: boolean;
  /**
   * Whether listings are asked for past OpenList's own folder cache: `never` (its cache decides; 30 minutes for most
   * drives), `always`, or once the gateway's last such listing of the folder is older than a number of seconds.
   */
  readonly refresh: 'never' | 'always' | { readonly olderThanSeconds: number };
  /** How long a folder's listing serves further pages before it is asked for again, in seconds; 0 for never. */
  readonly listingCacheSeconds: number;
  /** Sends clients of presigned and anonymous reads to the drive's own URL, where the drive has one. */
  readonly redirectReads: boolean;
  /** Hosts (`name` or `name:port`) that OpenList may send the gateway to although their addresses are private. */
  readonly allowedRedirectHosts: readonly string[];
  /** Certificates, PEM, to trust in addition to the system's; already read from their file. */
  readonly ca?: string;
}
