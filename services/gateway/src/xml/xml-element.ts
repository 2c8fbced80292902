import { S3Error } from '../errors/s3-error.js';

/**
 * An element of a parsed request. Names are local names; attributes are not kept, no S3 request needs one.
 *
 * Everything that asks for exactly one throws `MalformedXML` where there are several: whoever checks one of two must not
 * have the other obeyed.
 */
export class XmlElement {
  constructor(
    readonly name: string,
    private readonly elements: readonly XmlElement[],
    /** The text between the tags, as it is: spaces in keys count. Empty for an element with child elements. */
    readonly value: string,
  ) {}

  /** @throws S3Error `MalformedXML` where it is missing or repeated */
  child(name: string): XmlElement {
    return this.optionalChild(name) ?? this.refuse(`has no ${name}`);
  }

  /** @throws S3Error `MalformedXML` where it is repeated */
  optionalChild(name: string): XmlElement | undefined {
    let found: XmlElement | undefined;
    for (const element of this.elements) {
      if (element.name !== name) continue;
      if (found !== undefined) this.refuse(`has more than one ${name}`);
      found = element;
    }
    return found;
  }

  /** All children of a name, in order; all children at all without one. */
  children(name?: string): readonly XmlElement[] {
    return name === undefined ? this.elements : this.elements.filter((element) => element.name === name);
  }

  /** The text of a child. @throws S3Error `MalformedXML` where it is missing, repeated, or holds elements */
  text(name: string): string {
    return this.child(name).leaf();
  }

  /** The text of a child, if it is there. @throws S3Error `MalformedXML` where it is repeated or holds elements */
  optionalText(name: string): string | undefined {
    return this.optionalChild(name)?.leaf();
  }

  private leaf(): string {
    return this.elements.length === 0 ? this.value : this.refuse('must hold text only');
  }

  private refuse(why: string): never {
    throw new S3Error('MalformedXML', { message: `The XML you provided is not valid: ${this.name} ${why}.` });
  }
}
