import { SaxesParser, type SaxesTagNS } from 'saxes';
import { StorageError } from '../storage-error.js';

/** One `response` of a multistatus, as far as it was asked for (RFC 4918, 14.24). */
export interface MultistatusEntry {
  readonly href: string;
  readonly collection: boolean;
  /** `getcontentlength`, `getlastmodified` and `getetag`, where the server has them. */
  readonly length?: string;
  readonly modified?: string;
  readonly etag?: string;
}

interface Properties {
  collection?: boolean;
  length?: string;
  modified?: string;
  etag?: string;
}

const DAV = 'DAV:';
/** Around the deepest element that is read. */
const AROUND = ['multistatus', 'response', 'propstat', 'prop', 'resourcetype'];
/** Properties may hold anything. */
const MAX_DEPTH = 64;
/** Of the text of one element: a path of 4 KiB, percent-encoded, and room. */
const MAX_TEXT = 32 * 1024;
/** Between two tags: the parser keeps a comment, an attribute or a processing instruction until it ends. */
const MAX_BETWEEN_TAGS = 128 * 1024;
const PROPERTIES: ReadonlyMap<string, 'length' | 'modified' | 'etag'> = new Map([
  ['getcontentlength', 'length'],
  ['getlastmodified', 'modified'],
  ['getetag', 'etag'],
]);

/** Reads a multistatus as it arrives. Elements are known by namespace, whatever the server's prefixes are. */
export class MultistatusParser {
  private readonly parser = new SaxesParser({ xmlns: true, position: false });
  private readonly decoder = new TextDecoder('utf-8', { fatal: true });
  private readonly path: string[] = [];
  private text = '';
  private sinceTag = 0;
  private href: string | undefined;
  private status: string | undefined;
  private found: Properties = {};
  private proposed: Properties = {};
  private propertyStatus: string | undefined;

  /**
   * @param onEntry told of each entry that is there
   * @param onOther told of each response that says nothing of use, as one that says only that it is not permitted
   */
  constructor(
    private readonly onEntry: (entry: MultistatusEntry) => void,
    private readonly onOther: () => void = () => undefined,
  ) {
    const { parser } = this;
    parser.on('error', (error) => {
      throw nonsense(error.message);
    });
    parser.on('doctype', () => {
      throw nonsense('it has a DOCTYPE');
    });
    parser.on('opentag', (tag) => this.open(tag));
    parser.on('text', (text) => this.append(text));
    parser.on('cdata', (text) => this.append(text));
    parser.on('closetag', () => this.close());
  }

  /** @throws StorageError `unavailable` where this is no multistatus */
  write(bytes: Buffer): void {
    for (let from = 0; from < bytes.length; from += MAX_BETWEEN_TAGS) {
      const piece = bytes.subarray(from, from + MAX_BETWEEN_TAGS);
      this.sinceTag += piece.length;
      this.parser.write(this.decode(piece));
      if (this.sinceTag > 2 * MAX_BETWEEN_TAGS) throw nonsense('something in it does not end');
    }
  }

  /** @throws StorageError `unavailable` where the document has no end */
  end(): void {
    this.parser.write(this.decode());
    this.parser.close();
  }

  private decode(bytes?: Buffer): string {
    try {
      return this.decoder.decode(bytes, { stream: bytes !== undefined });
    } catch {
      throw nonsense('it is not UTF-8');
    }
  }

  private open(tag: SaxesTagNS): void {
    const name = tag.uri === DAV ? tag.local : '';
    if (this.path.length >= MAX_DEPTH) throw nonsense('it is nested too deep');
    if (this.path.length === 0 && name !== 'multistatus') throw nonsense(`its root is ${tag.name}`);
    this.path.push(name);
    this.sinceTag = 0;
    this.text = '';
    if (this.isAt(2, 'response')) {
      this.href = undefined;
      this.status = undefined;
      this.found = {};
    } else if (this.isAt(3, 'propstat')) {
      this.proposed = {};
      this.propertyStatus = undefined;
    } else if (this.isAt(6, 'collection')) this.proposed.collection = true;
  }

  private append(text: string): void {
    this.text += text;
    if (this.text.length > MAX_TEXT) throw nonsense('a text in it is too long');
  }

  private close(): void {
    const name = this.path.at(-1) ?? '';
    this.sinceTag = 0;
    const property = this.isAt(5, name) ? PROPERTIES.get(name) : undefined;
    if (property !== undefined) this.proposed[property] = this.text.trim();
    else if (this.isAt(3, 'href')) this.href ??= this.text.trim();
    else if (this.isAt(3, 'status')) this.status = this.text;
    else if (this.isAt(4, 'status')) this.propertyStatus = this.text;
    else if (this.isAt(3, 'propstat')) {
      if (isSuccess(this.propertyStatus)) Object.assign(this.found, this.proposed);
    } else if (this.isAt(2, 'response')) this.finish();
    this.path.pop();
    this.text = '';
  }

  private finish(): void {
    if (this.href === undefined || !isSuccess(this.status)) this.onOther();
    else this.onEntry({ ...this.found, href: this.href, collection: this.found.collection ?? false });
  }

  /** Whether the element is of a name at a depth, and those around it are the ones that belong there. */
  private isAt(depth: number, name: string): boolean {
    const { path } = this;
    if (path.length !== depth || path[depth - 1] !== name) return false;
    for (let i = 1; i < depth - 1; i++) if (path[i] !== AROUND[i]) return false;
    return true;
  }
}

/** A status line, or none, which says that there is nothing to say. */
function isSuccess(status: string | undefined): boolean {
  return status === undefined || /^HTTP\/\S+\s+2\d\d/.test(status.trim());
}

function nonsense(what: string): StorageError {
  return new StorageError('unavailable', `The WebDAV server's answer is no multistatus: ${what}.`);
}
