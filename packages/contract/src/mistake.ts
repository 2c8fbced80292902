/** Something wrong at one place of a document. */
export interface Mistake {
  /** Member names and list indexes that lead to the place; empty for the document as a whole. */
  readonly path: readonly (string | number)[];
  /** What is wrong and what to write instead, without a full stop. Never holds a secret value. */
  readonly message: string;
}

/** A path as people write it: `storages[1].local.root`. */
export function formatPath(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** One line for a mistake: its path, if it has one, and the message. */
export function formatMistake(mistake: Mistake): string {
  return mistake.path.length === 0 ? mistake.message : `${formatPath(mistake.path)}: ${mistake.message}`;
}
