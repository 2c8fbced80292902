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
  if (environment['npm_command'] !== undefined && launcher !== 1) {
    const timer = setInterval(() => {
      if (process.ppid === launcher) return;
      clearInterval(timer);
      resolve('end of npm');
    }, LOOK_MS).unref();
  }
  return promise;
}
