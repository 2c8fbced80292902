/**
 * `npm start`: from a clean clone to a running S3 endpoint over ./data, or over the folder given. Plain JavaScript, because it runs on whatever
 * Node is installed (>= 20) before anything is built; the gateway itself runs on the Node that the lockfile pins.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PINNED_NODE = join(ROOT, 'node_modules/.bin/node');
const INSTALLED = join(ROOT, 'node_modules/.package-lock.json');
const BUILT = join(ROOT, 'services/gateway/dist/.built');
const SOURCES = ['packages', 'services', 'package-lock.json', 'tsconfig.base.json', 'nest-cli.json'];
/** Signals within this time are one that came on two ways, in milliseconds. */
const SAME_SIGNAL_MS = 500;
const IGNORED = new Set(['node_modules', 'dist', 'test']);

if (modified(INSTALLED) < modified(join(ROOT, 'package-lock.json'))) {
  await step('Installing packages (once; about a minute)', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (modified(BUILT) < newest(SOURCES.map((name) => join(ROOT, name)))) {
  await step('Building', ['run', '--silent', 'build']);
  writeFileSync(BUILT, '');
}
serve(process.argv.slice(2));

/** Milliseconds since the epoch; 0 for what is not there. */
function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** The time of the newest file under some paths. */
function newest(paths) {
  let time = 0;
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (!stat.isDirectory()) time = Math.max(time, stat.mtimeMs);
    else {
      const names = readdirSync(path).filter((name) => !IGNORED.has(name) && !name.endsWith('.spec.ts'));
      time = Math.max(time, newest(names.map((name) => join(path, name))));
    }
  }
  return time;
}

/** Runs npm, shows that time passes, and shows its output only where it fails. */
async function step(title, args) {
  process.stdout.write(`${title} …`);
  const startedAt = Date.now();
  const dots = setInterval(() => process.stdout.write('.'), 2000);
  // The npm that runs this script, so that nothing depends on what PATH has.
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith('.js') ? [process.execPath, [npm]] : ['npm', []];
  const { code, output } = await run(command, [...first, ...args]);
  clearInterval(dots);
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  process.stdout.write(code === 0 ? ` ${seconds} s\n` : ' failed\n');
  if (code === 0) return;
  process.stderr.write(output);
  process.exit(1);
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }));
    child.on('close', (code) => resolve({ code, output }));
  });
}

function serve(args) {
  const data = join(ROOT, 'data');
  // Where the user is: npm runs this in the repository's root.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  const ownTarget = namesTarget(args);
  if (!ownTarget && !existsSync(data)) mkdirSync(join(data, 'my-bucket'), { recursive: true });
  const target = ownTarget ? [] : [relative(cwd, data)];
  const child = spawn(PINNED_NODE, [join(ROOT, 'services/gateway/bin/bucketway.js'), 'serve', ...target, ...args], {
    cwd,
    stdio: 'inherit',
    // In a session of its own, so that a terminal's Ctrl-C, which reaches every process of its group, reaches it through here only.
    detached: true,
  });
  forwardSignals(child);
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 128 + constants.signals[signal]));
}

/** Whether arguments of `serve` name a folder, or something else than a folder. Every flag of it but --help takes a value. */
function namesTarget(args) {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--help' || arg === '-h' || arg.startsWith('--config') || !arg.startsWith('-')) return true;
    if (!arg.includes('=')) i++;
  }
  return false;
}

/** Once: npm passes on what a terminal or a service manager has sent to the whole group, and to be asked twice means to hurry. */
function forwardSignals(child) {
  let last = -Infinity;
  const forward = (signal) => {
    const now = performance.now();
    if (now - last > SAME_SIGNAL_MS) child.kill(signal);
    last = now;
  };
  process.on('SIGTERM', () => forward('SIGTERM'));
  process.on('SIGINT', () => forward('SIGINT'));
  // The terminal is gone: the gateway is to end its requests and stop.
  process.on('SIGHUP', () => forward('SIGTERM'));
}
