import { createHmac } from 'node:crypto';
import { StorageError } from '../storage-error.js';
import type { StoragePath } from '../storage-path.js';

/** Far more than clocks differ, and than a read needs until it has begun, in seconds. */
const SIGNATURE_SECONDS = 24 * 3600;

/** From paths of the storage to OpenList's, and to URLs. */
export class OpenlistPaths {
  /**
   * @param url OpenList's address, without a trailing slash
   * @param root the served folder, absolute, as the account of the token sees it
   */
  constructor(
    private readonly url: string,
    private readonly root: string,
    private readonly token: string,
  ) {}

  /** The path as REST and WebDAV take it. @throws StorageError `unsupported-name` for what OpenList would take for something else */
  absolute(path: StoragePath): string {
    // OpenList turns backslashes into slashes: the file would land in another folder.
    if (path.includes('\\')) {
      throw new StorageError('unsupported-name', 'A key must not contain a backslash: OpenList takes it for a slash.');
    }
    // It drops these segments, or resolves them; the type rules them out already, and a mistake here would cost another's file.
    if (path !== '' && path.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
      throw new StorageError('unsupported-name', 'A key must not contain "//" or the segments "." and "..".');
    }
    if (path === '') return this.root;
    return this.root === '/' ? `/${path}` : `${this.root}/${path}`;
  }

  api(route: string): string {
    return `${this.url}/api/${route}`;
  }

  webdav(absolute: string): string {
    return `${this.url}/dav${escapePath(absolute)}`;
  }

  /**
   * Where a file is read. The signature takes the place of the token, which OpenList does not accept here.
   *
   * @param basePath what the account is confined to: signatures are over the whole path
   */
  download(absolute: string, basePath: string): string {
    const whole = basePath === '/' ? absolute : `${basePath}${absolute}`;
    const expiry = Math.floor(Date.now() / 1000) + SIGNATURE_SECONDS;
    const digest = createHmac('sha256', this.token).update(`${whole}:${expiry}`).digest('base64');
    const sign = `${digest.replaceAll('+', '-').replaceAll('/', '_')}:${expiry}`;
    return `${this.url}/d${escapePath(whole)}?sign=${encodeURIComponent(sign)}`;
  }
}

/** The folder of an absolute path; `/` for a top-level name. */
export function folderOf(absolute: string): string {
  return absolute.slice(0, absolute.lastIndexOf('/')) || '/';
}

export function nameOf(absolute: string): string {
  return absolute.slice(absolute.lastIndexOf('/') + 1);
}

function escapePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
