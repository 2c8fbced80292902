import { readFileSync } from 'node:fs';

/** How often is looked whether the process that started this one is still there, in milliseconds. */
const LOOK_MS = 500;

/**
 * Resolves, with what to say of it, once the shell is gone in which npm has started this process (`npx bucketway`, a script of a
 * package.json). npm passes the signals that it gets to that shell, which ends by them and passes nothing on: its end is all
 * that this process ever hears. Under anything else a parent may end as it likes, and this never resolves.
 */
export function launcherEnd(environment: NodeJS.ProcessEnv): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const launcher = process.ppid;
  if (environment['npm_command'] !== undefined && launcher !== 1 && !leadsGroup(process.pid)) {
    const timer = setInterval(() => {
      if (process.ppid === launcher) return;
      clearInterval(timer);
      resolve('end of npm');
    }, LOOK_MS).unref();
  }
  return promise;
}

/**
 * Whether a process leads a process group: then npm's environment is but inherited, by what was set apart to outlive it (`setsid`, a
 * detached child of a program) or by the job of a terminal that npm has opened. What the shell of npm runs is in the group of npm.
 */
export function leadsGroup(pid: number): boolean {
  try {
    // proc_pid_stat(5): behind the name, which may hold anything, are the state, the parent and the group.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) === pid;
  } catch {
    // Not Linux.
    return false;
  }
}
