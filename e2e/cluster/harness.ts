// What the checks share: lines of results, programs, and waiting for something to be so.
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const part = process.argv[1]?.replace(/^.*\/|\.ts$/g, '');

/** Prints a line about one check; the driver counts them. What the body returns is printed with it. */
export async function check(what: string, body: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  try {
    const note = await body();
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`ok ${part}: ${what} (${typeof note === 'string' ? `${note}; ` : ''}${seconds} s)`);
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message?: string };
    console.log(`not ok ${part}: ${what}`);
    console.log(`    ${[message ?? String(error), stderr].join('\n').trim().replaceAll('\n', '\n    ')}`);
    process.exitCode = 1;
  }
}

/** Says that something cannot be checked here. */
export function skip(what: string, reason: string): void {
  console.log(`SKIPPED ${part}: ${what} (${reason})`);
}

/** Runs a program without a shell. @returns what it prints @throws with `stderr` where it fails */
export async function program(name: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { input, env } = options;
  const running = run(name, args, { encoding: 'utf8', maxBuffer: 64 << 20, ...(env && { env }) });
  running.child.stdin?.on('error', () => {}).end(input ?? '');
  return (await running).stdout;
}

export interface ProgramOptions {
  readonly input?: string;
  /** Instead of the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Asks again and again until there is an answer.
 * @param question undefined or a failure is none yet
 * @throws Error with the last failure after so many seconds
 */
export async function eventually<Answer>(
  what: string,
  question: () => Promise<Answer | undefined>,
  seconds = 60,
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
