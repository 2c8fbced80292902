import { formatMistake } from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';

/** A mistake and where it stands in the file; both count from 1. */
export interface LocatedMistake extends Mistake {
  readonly line: number;
  readonly column: number;
}

/** A configuration that must not be applied: every mistake in it, in the file's order. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(
    readonly file: string,
    readonly mistakes: readonly LocatedMistake[],
    /** What was read to find them, absolute: a change of any of these may cure it. */
    readonly files: readonly string[] = [],
  ) {
    super(mistakes.map((mistake) => formatLocatedMistake(file, mistake)).join('\n'));
  }
}

/** `bucketway.yaml:12:5: storages[1].local.root: is missing`, the form that editors and terminals turn into links. */
function formatLocatedMistake(file: string, mistake: LocatedMistake): string {
  return `${file}:${mistake.line}:${mistake.column}: ${formatMistake(mistake)}`;
}
