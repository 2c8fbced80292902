// What the checks share: lines of results, and waiting for something to be so.
import { setTimeout as delay } from 'node:timers/promises';
import { diagnosis } from './diagnosis.ts';

/** The driver starts a part by its name: see part.ts. */
const part = process.argv[2];

/** Prints a line about one check; the driver counts them. What the body returns is printed with it. */
export async function check(what: string, body: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  try {
    const note = await body();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`ok ${part}: ${what} (${typeof note === 'string' ? `${note}; ` : ''}${seconds} s)`);
  } catch (error) {
    await fail(what, error);
  }
}

/** Prints the line of a check that failed, why, and what the cluster looked like then. */
export async function fail(what: string, error: unknown): Promise<void> {
  process.exitCode = 1;
  const { stderr = '', message = String(error), stack = '' } = error as Partial<Error> & { stderr?: string };
  const where = stack.split('\n').find((line) => line.includes('/parts/')) ?? '';
  // Of programs that fail, Node puts what they say into the message.
  const reasons = [message, message.includes(stderr) ? '' : stderr, where].map((text) => text.trim());
  console.log(`not ok ${part}: ${what}`);
  const reason = reasons.filter((text) => text !== '').join('\n');
  console.log(indented(reason));
  console.log(indented(await diagnosis(reason)));
}

function indented(text: string): string {
  return `    ${text.replaceAll('\n', '\n    ')}`;
}

/** Says that something cannot be checked here. */
export function skip(what: string, reason: string): void {
  console.log(`SKIPPED ${part}: ${what} (${reason})`);
}

/**
 * Asks again and again until there is an answer.
 * @param question undefined or a failure is none yet
 * @throws Error with the last failure after so many seconds
 */
export async function eventually<Answer>(
  what: string,
  question: () => Promise<Answer | undefined>,
  seconds = 120,
  everyMs = 250,
): Promise<Answer> {
  const end = performance.now() + seconds * 1000;
  let last: unknown;
  while (performance.now() < end) {
    try {
      const answer = await question();
      if (answer !== undefined) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await delay(everyMs);
  }
  throw new Error(`not within ${seconds} s: ${what}${last instanceof Error ? `; ${last.message}` : ''}`);
}
