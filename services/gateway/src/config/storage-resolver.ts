import { X509Certificate } from 'node:crypto';
import type { ConfigurationFiles, MistakePath } from './configuration-files.js';
import type { LocalStorageSection } from './local-storage-section.js';
import { isOpenlistToken, OPENLIST_TOKEN_RULE, type OpenlistSection } from './openlist-section.js';
import type { RemoteStorageSection } from './remote-storage-section.js';
import { isUpstreamKey, UPSTREAM_KEY_RULE, type S3Section } from './s3-section.js';
import { normalizeServerUrl } from './server-url.js';
import type { LocalStorageOptions, StorageMount } from './snapshot.js';
import type { StorageSection } from './storage-section.js';
import type { OpenlistOptions } from '../storage/openlist/openlist-options.js';
import type { S3StorageOptions } from '../storage/s3/s3-storage-options.js';
import type { WebdavAuth, WebdavOptions } from '../storage/webdav/webdav-options.js';
import {
  BEARER_TOKEN_RULE,
  isBearerToken,
  isWebdavPassword,
  isWebdavUsername,
  WEBDAV_PASSWORD_RULE,
  WEBDAV_USERNAME_RULE,
  type WebdavSection,
} from './webdav-section.js';

/** How servers are spoken to, where the configuration does not say. */
const DEFAULT_LIMITS = { connectTimeoutSeconds: 5, idleTimeoutSeconds: 60, maxConcurrentRequests: 64, retries: 3 };

/** Long enough for the pages of one listing, short enough for what others write beside this gateway. */
const LISTING_CACHE_SECONDS = 5;

/** Limits as all drivers of servers have them. */
interface Limits {
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly maxConcurrentRequests: number;
  readonly retries: number;
}

/** Turns the storages of a written configuration into mounts: defaults filled in, secrets and certificates read. */
export class StorageResolver {
  constructor(private readonly files: ConfigurationFiles) {}

  /** Undefined where no kind is written, or more than one: the configuration is refused then. */
  resolve(written: StorageSection, index: number): StorageMount | undefined {
    const { mount, local, openlist, webdav, s3 } = written;
    const path = ['storages', index];
    if (local !== undefined) return { mount, local: this.local(local) };
    if (openlist !== undefined) return { mount, openlist: this.openlist([...path, 'openlist'], openlist) };
    if (webdav !== undefined) return { mount, webdav: this.webdav([...path, 'webdav'], webdav) };
    if (s3 !== undefined) return { mount, s3: this.s3([...path, 's3'], s3) };
    return undefined;
  }

  private local({ root, durability = 'none', metadata = 'auto' }: LocalStorageSection): LocalStorageOptions {
    return { root: this.files.absolute(root), durability, metadata };
  }

  private openlist(path: MistakePath, written: OpenlistSection): OpenlistOptions {
    const { refresh = 'never' } = written;
    return {
      url: normalizeServerUrl(written.url),
      path: written.path ?? '/',
      token: this.secret(path, written, 'token', isOpenlistToken, OPENLIST_TOKEN_RULE) ?? '',
      atomicRename: written.atomicRename ?? false,
      refresh: typeof refresh === 'string' ? refresh : { olderThanSeconds: refresh.olderThanSeconds },
      listingCacheSeconds: written.listingCacheSeconds ?? LISTING_CACHE_SECONDS,
      redirectReads: written.redirectReads ?? false,
      allowedRedirectHosts: (written.allowedRedirectHosts ?? []).map((host) => host.toLowerCase()),
      ...limits(written),
      ...this.ca(path, written),
    };
  }

  private webdav(path: MistakePath, written: WebdavSection): WebdavOptions {
    const { atomicReplace = false, atomicCreate = false } = written;
    return {
      url: normalizeServerUrl(written.url),
      auth: this.webdavAuth(path, written),
      traits: { atomicReplace, atomicCreate },
      listingCacheSeconds: written.listingCacheSeconds ?? LISTING_CACHE_SECONDS,
      allowedRedirectHosts: (written.allowedRedirectHosts ?? []).map((host) => host.toLowerCase()),
      ...limits(written),
      ...this.ca(path, written),
    };
  }

  private webdavAuth(path: MistakePath, written: WebdavSection): WebdavAuth {
    const token = this.secret(path, written, 'bearerToken', isBearerToken, BEARER_TOKEN_RULE);
    if (token !== undefined) return { kind: 'bearer', token };
    const username = this.secret(path, written, 'username', isWebdavUsername, WEBDAV_USERNAME_RULE);
    const password = this.secret(path, written, 'password', isWebdavPassword, WEBDAV_PASSWORD_RULE);
    if (username === undefined || password === undefined) return { kind: 'none' };
    return { kind: written.authentication ?? 'basic', username, password };
  }

  private s3(path: MistakePath, written: S3Section): S3StorageOptions {
    const { prefix = '' } = written;
    const key = (name: 'accessKeyId' | 'secretAccessKey' | 'sessionToken'): string | undefined =>
      this.secret(path, written, name, isUpstreamKey, UPSTREAM_KEY_RULE);
    const sessionToken = key('sessionToken');
    return {
      endpoint: normalizeServerUrl(written.endpoint),
      region: written.region ?? 'us-east-1',
      bucket: written.bucket,
      prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
      accessKeyId: key('accessKeyId') ?? '',
      secretAccessKey: key('secretAccessKey') ?? '',
      ...(sessionToken !== undefined && { sessionToken }),
      addressingStyle: written.addressingStyle ?? 'path',
      redirectReads: written.redirectReads ?? false,
      ...limits(written),
      ...this.ca(path, written),
    };
  }

  private secret<Name extends string>(
    path: MistakePath,
    written: { readonly [Member in Name | `${Name}File`]?: string | undefined },
    name: Name,
    holds: (value: unknown) => boolean,
    rule: string,
  ): string | undefined {
    const members: Readonly<Record<string, string | undefined>> = written;
    return this.files.secret(path, { name, value: members[name], file: members[`${name}File`], holds, rule });
  }

  private ca(path: MistakePath, { caFile }: RemoteStorageSection): { readonly ca?: string } {
    if (caFile === undefined) return {};
    const ca = this.files.read([...path, 'caFile'], caFile);
    if (ca === undefined) return {};
    try {
      // Of several, the first shows that these are certificates.
      new X509Certificate(ca);
      return { ca };
    } catch (error) {
      this.files.refuse([...path, 'caFile'], `holds no certificate in PEM: ${(error as Error).message}`);
      return {};
    }
  }
}

function limits(written: RemoteStorageSection): Limits {
  const {
    connectTimeoutSeconds = DEFAULT_LIMITS.connectTimeoutSeconds,
    idleTimeoutSeconds = DEFAULT_LIMITS.idleTimeoutSeconds,
    maxConcurrentRequests = DEFAULT_LIMITS.maxConcurrentRequests,
    retries = DEFAULT_LIMITS.retries,
  } = written;
  return {
    connectTimeoutMs: Math.round(connectTimeoutSeconds * 1000),
    idleTimeoutMs: Math.round(idleTimeoutSeconds * 1000),
    maxConcurrentRequests,
    retries,
  };
}
