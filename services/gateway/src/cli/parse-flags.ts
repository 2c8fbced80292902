import { parseArgs } from 'node:util';
import { nearestName } from '@bucketway/contract';
import { UsageError } from './usage-error.js';

/** The flags that a command knows: whether each takes a value. */
export type FlagTable = Readonly<Record<string, 'string' | 'boolean'>>;

/** A command line taken apart. */
export interface ParsedFlags {
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly positionals: readonly string[];
}

/** @throws UsageError for a flag that is unknown (with the one that was probably meant), repeated, or has no value */
export function parseFlags(command: string, args: readonly string[], table: FlagTable): ParsedFlags {
  const options = Object.fromEntries(Object.entries(table).map(([name, type]) => [name, { type }]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const type = token.name === 'help' ? 'boolean' : Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (type === undefined) throw unknownFlag(command, token.rawName, table);
    if (values.has(token.name)) throw new UsageError(`${token.rawName} is given twice`, command);
    if (type === 'boolean') {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`, command);
      switches.add(token.name);
    } else if (
      token.value === undefined ||
      token.value === '' ||
      (!token.inlineValue && token.value.startsWith('--'))
    ) {
      throw new UsageError(`${token.rawName} needs a value`, command);
    } else values.set(token.name, token.value);
  }
  return { values, switches, positionals };
}

function unknownFlag(command: string, name: string, table: FlagTable): UsageError {
  const nearest = nearestName(name.replace(/^-+/, ''), [...Object.keys(table), 'help']);
  const hint = nearest === undefined ? '' : `; did you mean --${nearest}?`;
  return new UsageError(`unknown flag ${name}${hint}`, command);
}
