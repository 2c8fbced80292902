import { SaxesParser } from 'saxes';
import { S3Error } from '../errors/s3-error.js';
import { XmlElement } from './xml-element.js';

/** Deeper than any S3 request by far. */
const MAX_DEPTH = 32;
/** CompleteMultipartUpload with 10,000 parts and a checksum each has 40,000. */
const MAX_ELEMENTS = 100_000;

const UTF8 = new TextDecoder('utf-8', { fatal: true });
const ASCII_SUPERSETS = new Set(['utf-8', 'utf8', 'us-ascii']);
const BLANK = /^[ \t\r\n]*$/;

/**
 * Parses a request's document. DOCTYPE is refused, so there are no entities but the five of XML itself; comments and
 * processing instructions are skipped; namespaces are ignored, since clients send S3's, another or none.
 *
 * @param rootName what the root element must be
 * @throws S3Error `MalformedXML`
 */
export function parseXml(document: Buffer, rootName: string): XmlElement {
  const root = new TreeBuilder().build(decode(document));
  if (root.name !== rootName) throw malformed(`the root element must be ${rootName}`);
  return root;
}

interface OpenElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

class TreeBuilder {
  private readonly open: OpenElement[] = [];
  private root: XmlElement | undefined;
  private count = 0;

  build(text: string): XmlElement {
    const parser = new SaxesParser({ position: false });
    parser.on('error', (error) => {
      throw malformed(error.message);
    });
    parser.on('xmldecl', ({ encoding, version }) => {
      if (encoding !== undefined && !ASCII_SUPERSETS.has(encoding.toLowerCase())) throw malformed('it must be UTF-8');
      if (version !== '1.0') throw malformed('it must be XML 1.0');
    });
    parser.on('doctype', () => {
      throw malformed('it must not have a DOCTYPE');
    });
    parser.on('opentagstart', (tag) => this.start(tag.name));
    parser.on('text', (piece) => this.append(piece));
    parser.on('cdata', (piece) => this.append(piece));
    parser.on('closetag', () => this.end());
    parser.write(text).close();
    return this.root ?? fail('it has no root element');
  }

  private start(name: string): void {
    this.count += 1;
    if (this.open.length >= MAX_DEPTH) throw malformed(`it is nested deeper than ${MAX_DEPTH} elements`);
    if (this.count > MAX_ELEMENTS) throw malformed(`it has more than ${MAX_ELEMENTS} elements`);
    this.open.push({ name: name.slice(name.indexOf(':') + 1), children: [], text: '' });
  }

  private append(piece: string): void {
    const current = this.open.at(-1);
    if (current !== undefined) current.text += piece;
  }

  private end(): void {
    const { name, children, text } = this.open.pop() ?? fail('an element ends that was not opened');
    if (children.length > 0 && !BLANK.test(text)) throw malformed(`${name} mixes text and elements`);
    const element = new XmlElement(name, children, children.length > 0 ? '' : text);
    const parent = this.open.at(-1);
    if (parent === undefined) this.root = element;
    else parent.children.push(element);
  }
}

function decode(document: Buffer): string {
  try {
    return UTF8.decode(document);
  } catch (cause) {
    throw new S3Error('MalformedXML', { message: 'The XML you provided is not UTF-8.', cause });
  }
}

function malformed(why: string): S3Error {
  return new S3Error('MalformedXML', { message: `The XML you provided was not well-formed or not valid: ${why}.` });
}

function fail(why: string): never {
  throw malformed(why);
}
