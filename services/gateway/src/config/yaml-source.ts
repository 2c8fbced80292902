import type { Mistake } from '@bucketway/contract';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { LocatedMistake } from './configuration-error.js';

const MAX_ALIASES = 100;

/** A YAML text that still knows where each value stands. */
export class YamlSource {
  private constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
    /** What is wrong with the text as YAML; nothing else can be said of it then. */
    readonly syntaxMistakes: readonly LocatedMistake[],
  ) {}

  static parse(text: string): YamlSource {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
    const mistakes = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0]);
      return { path: [], message: error.message.replace(/\.$/, ''), line, column: col };
    });
    visit(document, {
      Alias: (_, alias) => {
        if (alias.resolve(document) !== undefined) return;
        const { line, col } = lines.linePos(startOf(alias) ?? 0);
        const message = `*${alias.source} is an alias of YAML, and nothing is named so; quote it: "*${alias.source}"`;
        mistakes.push({ path: [], message, line, column: col });
      },
    });
    return new YamlSource(document, lines, mistakes);
  }

  /**
   * The plain value; null for an empty text. Members without a value (`buckets:`) are left out, as if not written.
   *
   * @param withEmpty has them in it as null
   * @throws where aliases multiply without bound
   */
  toPlain(withEmpty = false): unknown {
    if (withEmpty) return this.document.toJS({ maxAliasCount: MAX_ALIASES });
    return this.document.toJS({
      maxAliasCount: MAX_ALIASES,
      reviver(this: unknown, _name: unknown, value: unknown) {
        return value === null && !Array.isArray(this) ? undefined : value;
      },
    });
  }

  /** Adds where a mistake stands: at the member's name, or at the nearest thing around it that is there. */
  locate(mistake: Mistake): LocatedMistake {
    let node: unknown = this.document.contents;
    let offset = startOf(node) ?? 0;
    for (const step of mistake.path) {
      if (isAlias(node)) node = node.resolve(this.document);
      const found = this.member(node, step);
      if (found === undefined) break;
      offset = found.offset ?? offset;
      node = found.value;
    }
    const { line, col } = this.lines.linePos(offset);
    return { ...mistake, line, column: col };
  }

  /** How a number, a date or a truth value is written; undefined for what is text already, or none of them. */
  textAt(path: Mistake['path']): string | undefined {
    const node = this.document.getIn(path, true);
    return isScalar(node) && typeof node.value !== 'string' && node.value !== null ? node.source : undefined;
  }

  private member(node: unknown, step: string | number): { offset: number | undefined; value: unknown } | undefined {
    if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      return item === undefined ? undefined : { offset: startOf(item), value: item };
    }
    if (!isMap(node)) return undefined;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
    return pair === undefined ? undefined : { offset: startOf(pair.key), value: pair.value };
  }
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}
