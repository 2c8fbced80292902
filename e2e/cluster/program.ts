// Programs of this machine.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface ProgramOptions {
  readonly input?: string;
  /** Instead of the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** It is ended after so long; without it, it may take as long as it likes. */
  readonly timeoutMs?: number;
}

/** Runs a program without a shell. @returns what it prints @throws with `stderr` where it fails */
export async function program(name: string, args: readonly string[], options: ProgramOptions = {}): Promise<string> {
  const { input, env, timeoutMs = 0 } = options;
  const running = run(name, args, { encoding: 'utf8', maxBuffer: 64 << 20, timeout: timeoutMs, ...(env && { env }) });
  running.child.stdin?.on('error', () => {}).end(input ?? '');
  return (await running).stdout;
}
