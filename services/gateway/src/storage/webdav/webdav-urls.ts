import type { StoragePath } from '../storage-path.js';

/** RFC 3986, 2.3, and the percent signs that encodeURIComponent has written. */
const RESERVED = /[!'()*]/g;

/** The URLs of one collection: what is asked for, and what of an answer's hrefs lies where. */
export class WebdavUrls {
  /** Of the collection, with a trailing slash. */
  private readonly base: URL;
  /** Decoded segments of the collection's path. */
  private readonly root: readonly string[];

  /** @param url the collection, percent-encoded */
  constructor(url: string) {
    this.base = new URL(url.endsWith('/') ? url : `${url}/`);
    const root = segmentsOf(this.base.pathname);
    if (root === undefined) throw new TypeError('The URL of a WebDAV collection must be UTF-8.');
    this.root = root;
  }

  get host(): string {
    return this.base.host;
  }

  /** Absolute URL of a file: servers take the slash of a collection for what tells it from a file. */
  file(path: StoragePath): string {
    return this.base.href + encodePath(path);
  }

  /** Absolute URL of a collection. */
  folder(path: StoragePath): string {
    return path === '' ? this.base.href : `${this.file(path)}/`;
  }

  /**
   * What an href of a multistatus means for a collection or file that was asked about: '' for that itself, a name for its
   * child, undefined for anything else. Only the path counts, and it is compared as text after decoding: servers encode
   * different bytes, in either case.
   */
  place(asked: StoragePath, href: string): string | undefined {
    const pathname = this.pathOf(href);
    const found = pathname === undefined ? undefined : segmentsOf(pathname);
    if (found === undefined) return undefined;
    const expected = asked === '' ? this.root : [...this.root, ...asked.split('/')];
    if (found.length < expected.length || found.length > expected.length + 1) return undefined;
    if (!expected.every((segment, i) => segment === found[i])) return undefined;
    const name = found[expected.length];
    if (name === undefined) return '';
    const possible = name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
    return possible ? name : undefined;
  }

  /** The path of an href, which is one, or a URL (RFC 4918, 8.3); of another server's it says nothing here. */
  private pathOf(href: string): string | undefined {
    if (href.startsWith('/') && !href.startsWith('//')) return href;
    const match = /^(https?):\/\/([^/?#]+)(\/[^?#]*)$/i.exec(href);
    return match?.[2]?.toLowerCase() === this.base.host ? match[3] : undefined;
  }
}

/** Decoded segments of a path without its trailing slash; undefined where it is not UTF-8. Not through URL, which would resolve `..`. */
function segmentsOf(pathname: string): readonly string[] | undefined {
  const bare = pathname.replace(/^\//, '').replace(/\/$/, '');
  if (bare === '') return [];
  try {
    return bare.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

function encodePath(path: StoragePath): string {
  return path
    .split('/')
    .map((segment) =>
      encodeURIComponent(segment).replace(RESERVED, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
}
