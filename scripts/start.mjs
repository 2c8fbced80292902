/**
 * `npm start`: from a clean clone to a running S3 endpoint over ./data. Plain JavaScript, because it runs on whatever
 * Node is installed (>= 20) before anything is built; the gateway itself runs on the Node that the lockfile pins.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const PINNED_NODE = join(ROOT, 'node_modules/.bin/node');
const INSTALLED = join(ROOT, 'node_modules/.package-lock.json');
const BUILT = join(ROOT, 'services/gateway/dist/.built');
const SOURCES = ['packages', 'services', 'package-lock.json', 'tsconfig.base.json', 'nest-cli.json'];
const IGNORED = new Set(['node_modules', 'dist', 'test']);

if (modified(INSTALLED) < modified(join(ROOT, 'package-lock.json'))) {
  await step('Installing packages (once; about a minute)', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
if (modified(BUILT) < newest(SOURCES.map((name) => join(ROOT, name)))) {
  await step('Building', ['run', '--silent', 'build']);
  writeFileSync(BUILT, '');
}
await serve(process.argv.slice(2));

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

async function serve(args) {
  const data = join(ROOT, 'data');
  const ownTarget = args.includes('--help') || args.some((arg) => arg.startsWith('--config'));
  if (!ownTarget && !existsSync(data)) mkdirSync(join(data, 'my-bucket'), { recursive: true });
  const target = ownTarget ? [] : ['data'];
  const child = spawn(PINNED_NODE, [join(ROOT, 'services/gateway/bin/bucketway.js'), 'serve', ...target, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  // A terminal's Ctrl-C reaches the child by itself; this process only waits for it to finish.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}
