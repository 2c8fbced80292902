import type { HttpLimits } from '../http/http-exchange.js';
import type { RemoteFilesTraits } from '../remote/remote-files.js';

/** How a WebDAV server knows the gateway; secrets are already read from their files, and go into requests only. */
export type WebdavAuth =
  | { readonly kind: 'none' }
  /** `digest` never sends the password (RFC 7616); `basic` does with each request, so it belongs on https. */
  | { readonly kind: 'basic' | 'digest'; readonly username: string; readonly password: string }
  | { readonly kind: 'bearer'; readonly token: string };

/** How a WebDAV server is spoken to, and what of it is served. */
export interface WebdavOptions extends HttpLimits {
  /** The collection that becomes the storage's root: `http` or `https`, percent-encoded, no credentials, no query. A trailing slash does not matter. */
  readonly url: string;
  readonly auth: WebdavAuth;
  /**
   * What the server is known to do, which no answer tells. All false is safe with every server. nginx: both.
   * rclone: `atomicCreate`. Where one gateway alone writes, `atomicCreate` may be set for any server.
   */
  readonly traits: RemoteFilesTraits;
  /** How long a folder's listing serves further pages before it is asked for again, in seconds; 0 for never. */
  readonly listingCacheSeconds: number;
  /** Hosts (`name` or `name:port`) that reads may be redirected to although their addresses are private. */
  readonly allowedRedirectHosts: readonly string[];
  /** Certificates, PEM, to trust in addition to the system's. */
  readonly ca?: string;
}
