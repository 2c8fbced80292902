import { create, fragment } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { escapeXml } from './escape-xml.js';

/** The namespace of every S3 document but errors. */
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

// Markers that xmlbuilder2 passes through: private-use characters around the number of a slot. Descriptions are constants
// of this program, so no text from outside ever meets them.
const MARKER = /\ue000(\d+)\ue001/;
const marker = (index: number): string => `\ue000${index}\ue001`;

/** What a slot of escaped text takes. */
export type XmlValue = string | number | boolean;

/** Names of the values of T that are of a kind. */
type NamesOf<T, Kind> = { [K in keyof T]-?: T[K] extends Kind ? K : never }[keyof T];

/** The rows that a value of T holds. */
type RowOf<Value> = NonNullable<Value> extends readonly (infer Row)[] ? Row : NonNullable<Value>;

/** Puts placeholders into a description; T is what the template is filled with. */
export interface Slots<T> {
  /** A marker for escaped text, to be given to `txt` or `att`; an undefined value leaves nothing. */
  value(name: NamesOf<T, XmlValue | undefined> & string): string;
  /** Adds `<element>value</element>`, left out where the value is undefined. */
  leaf(parent: XMLBuilder, element: string, name: NamesOf<T, XmlValue | undefined> & string): void;
  /** Adds `<element>"value"</element>`, as entity tags stand. */
  quoted(parent: XMLBuilder, element: string, name: NamesOf<T, string> & string): void;
  /** Adds another template: once for a value, once for each of a list, not at all for undefined. */
  part<K extends keyof T & string>(parent: XMLBuilder, name: K, template: XmlTemplate<RowOf<T[K]>>): void;
  /** A marker for markup that is put in as it is. */
  markup(name: NamesOf<T, string | undefined> & string): string;
}

/** Describes the content of an element: adds to `xml`, with placeholders from `slot`. */
export type Describe<T> = (xml: XMLBuilder, slot: Slots<T>) => void;

type Step<T> = (values: T, add: (text: string) => void) => void;

/** Characters after which text is set aside: as one string, a page of a listing would be too large for the young generation. */
const PIECE_LENGTH = 16 * 1024;

/** A document or element described once with xmlbuilder2 and filled by joining strings: 1,000 rows in 2 ms instead of 57. */
export class XmlTemplate<T> {
  /** Fixed text and what follows each piece of it; one more text than steps. */
  constructor(
    private readonly texts: readonly string[],
    private readonly steps: readonly Step<T>[],
  ) {}

  render(values: T): string {
    let xml = '';
    this.write(values, (text) => (xml += text));
    return xml;
  }

  /** The same in UTF-8, for what may be large. */
  renderBytes(values: T): Buffer {
    const pieces: string[] = [];
    let piece = '';
    this.write(values, (text) => {
      piece += text;
      if (piece.length < PIECE_LENGTH) return;
      pieces.push(piece);
      piece = '';
    });
    pieces.push(piece);
    const bytes = Buffer.allocUnsafe(pieces.reduce((length, text) => length + Buffer.byteLength(text), 0));
    let end = 0;
    for (const text of pieces) end += bytes.write(text, end);
    return bytes;
  }

  private write(values: T, add: (text: string) => void): void {
    add(this.texts[0] as string);
    for (let i = 0; i < this.steps.length; i++) {
      (this.steps[i] as Step<T>)(values, add);
      add(this.texts[i + 1] as string);
    }
  }
}

/** Compiles the template of an element, a row for example. */
export function compileTemplate<T>(element: string, describe: Describe<T>): XmlTemplate<T> {
  const slots = new SlotCollector<T>();
  const root = fragment().ele(element);
  describe(root, slots);
  return slots.compile(root.toString({ prettyPrint: false }));
}

/**
 * Compiles the template of a whole document, XML declaration included.
 *
 * @param namespace of the root element; null for error documents, which have none
 */
export function compileDocument<T>(
  element: string,
  describe: Describe<T>,
  namespace: string | null = S3_NAMESPACE,
): XmlTemplate<T> {
  const slots = new SlotCollector<T>();
  const root = namespace === null ? create().ele(element) : create().ele(namespace, element);
  describe(root, slots);
  return slots.compile(root.end({ headless: true, prettyPrint: false }), DECLARATION);
}

class SlotCollector<T> implements Slots<T> {
  private readonly steps: Step<T>[] = [];

  value(name: keyof T & string): string {
    return this.add((values, add) => add(textOf(values[name])));
  }

  leaf(parent: XMLBuilder, element: string, name: keyof T & string): void {
    const [open, close] = tagsOf(element);
    const step: Step<T> = (values, add) => {
      const value = values[name];
      if (value !== undefined) add(open + textOf(value) + close);
    };
    parent.txt(this.add(step));
  }

  quoted(parent: XMLBuilder, element: string, name: keyof T & string): void {
    const [open, close] = tagsOf(element);
    // Content may hold quotes as they are, and to resolve two references takes clients a sixth of the time for a row.
    const start = `${open}"`;
    const end = `"${close}`;
    parent.txt(this.add((values, add) => add(start + textOf(values[name]) + end)));
  }

  part<K extends keyof T & string>(parent: XMLBuilder, name: K, template: XmlTemplate<RowOf<T[K]>>): void {
    type Row = RowOf<T[K]>;
    const step: Step<T> = (values, add) => {
      const value = values[name] as unknown;
      if (value === undefined) return;
      if (Array.isArray(value)) for (const row of value as readonly Row[]) add(template.render(row));
      else add(template.render(value as Row));
    };
    parent.txt(this.add(step));
  }

  markup(name: keyof T & string): string {
    return this.add((values, add) => add((values[name] as string | undefined) ?? ''));
  }

  compile(xml: string, prefix = ''): XmlTemplate<T> {
    const pieces = (prefix + xml).split(MARKER);
    const texts = pieces.filter((_, index) => index % 2 === 0);
    const steps = pieces.filter((_, index) => index % 2 === 1).map((index) => this.steps[Number(index)] as Step<T>);
    return new XmlTemplate(texts, steps);
  }

  private add(step: Step<T>): string {
    return marker(this.steps.push(step) - 1);
  }
}

/** The tags of an element whose step may leave all of it out; xmlbuilder2 checks the name. */
function tagsOf(element: string): [open: string, close: string] {
  return fragment().ele(element).txt('\ue002').toString().split('\ue002') as [string, string];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return escapeXml(value);
  // Numbers and booleans; a template's type lets nothing else in.
  return value === undefined ? '' : `${value as number | boolean}`;
}
