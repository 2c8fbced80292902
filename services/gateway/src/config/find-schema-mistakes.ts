import { findMistakes } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import { plainToInstance } from 'class-transformer';
import { ConfigurationFile } from './configuration-file.js';
import type { YamlSource } from './yaml-source.js';

/** What of a written configuration is no field, or has a value that it cannot have. @param written the text's plain value */
export function findSchemaMistakes(source: YamlSource, written: ConfigurationFile): Mistake[] {
  const mistakes = findMistakes(written).map((mistake) => withQuoteHint(source, mistake));
  const found = new Set(mistakes.map(({ path }) => path.join('\0')));
  // Members without a value count as not written, but for their names: "lisen:" must not pass for an empty "listen:".
  const unknown = mistakesOf(source.toPlain(true)).filter(
    ({ path, message }) => message.startsWith('is not a known field') && !found.has(path.join('\0')),
  );
  return [...mistakes, ...unknown];
}

/** YAML reads 0123 and true as something else than the text that was meant. */
function withQuoteHint(source: YamlSource, mistake: Mistake): Mistake {
  const { path, message } = mistake;
  const text = source.textAt(path);
  if (text === undefined) return mistake;
  const plain = source.toPlain();
  const above = path.slice(0, -1).reduce<unknown>((value, step) => (value as Members)[step], plain);
  (above as Members)[path.at(-1) as string] = text;
  const isRight = mistakesOf(plain).every((other) => other.path.join('\0') !== path.join('\0'));
  return isRight ? { path, message: `${message}; quote it: "${text}"` } : mistake;
}

type Members = Record<string | number, unknown>;

function mistakesOf(plain: unknown): Mistake[] {
  return findMistakes(plainToInstance(ConfigurationFile, plain as object));
}
