import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

/** Stands for the gateway: says what it is given, and ends a moment after a signal, so that a second one would be seen. */
const GATEWAY = `
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {
  console.log('got ' + signal);
  setTimeout(() => process.exit(7), 200);
});
setInterval(() => {}, 1000);
console.log(JSON.stringify({ pid: process.pid, cwd: process.cwd(), args: process.argv.slice(2) }));
`;

interface Started {
  readonly npm: ChildProcess;
  readonly gateway: { readonly pid: number; readonly cwd: string; readonly args: readonly string[] };
  readonly end: Promise<{ code: number | null; output: string }>;
}

describe('npm start', () => {
  let root: string;
  let gatewayPid: number | undefined;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'bucketway-start-')));
    const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    write('package.json', JSON.stringify({ name: 'x', version: '1.0.0', scripts: { start: scripts.start } }));
    write('services/gateway/bin/bucketway.js', GATEWAY);
    mkdirSync(join(root, 'scripts'));
    copyFileSync(join(REPOSITORY, 'scripts/start.mjs'), join(root, 'scripts/start.mjs'));
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
    // Installed and built already, by their times.
    const later = Date.now() / 1000 + 60;
    for (const file of ['node_modules/.package-lock.json', 'services/gateway/dist/.built']) {
      write(file, '');
      utimesSync(join(root, file), later, later);
    }
  });
  afterEach(() => {
    try {
      if (gatewayPid !== undefined) process.kill(gatewayPid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
    rmSync(root, { recursive: true });
  });

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  async function start(args: readonly string[], folder = root): Promise<Started> {
    // In a group of its own, as a terminal's job is.
    const npm = spawn('npm', ['--silent', 'start', '--', ...args], { cwd: folder, detached: true });
    let output = '';
    const said = Promise.withResolvers<void>();
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.on('data', (data) => {
        output += String(data);
        if (output.includes('}\n')) said.resolve();
      });
    }
    const end = once(npm, 'close').then(([code]) => ({ code: code as number | null, output }));
    await Promise.race([said.promise, end]);
    const gateway = JSON.parse(output.slice(0, output.indexOf('}') + 1)) as Started['gateway'];
    gatewayPid = gateway.pid;
    return { npm, gateway, end };
  }

  it.each([
    ['to npm alone', 'SIGTERM', 1, 'SIGTERM'],
    ['to all of its group', 'SIGTERM', -1, 'SIGTERM'],
    ['from a terminal', 'SIGINT', -1, 'SIGINT'],
  ] as const)('passes a signal %s on to the gateway, once, and ends with its code', async (_, signal, to, received) => {
    const { npm, end } = await start([]);
    process.kill(to * (npm.pid as number), signal);
    const { code, output } = await end;
    expect(output.match(/got \w+/g)).toEqual([`got ${received}`]);
    expect(code).toBe(7);
  });

  it('stops the gateway when its terminal is closed', async () => {
    const { npm, end } = await start([]);
    process.kill(-(npm.pid as number), 'SIGHUP');
    expect((await end).output).toContain('got SIGTERM');
  });

  it.each([
    [[], ['serve', 'data']],
    [
      ['--port', '9100'],
      ['serve', 'data', '--port', '9100'],
    ],
    [['./photos'], ['serve', './photos']],
    [
      ['--port', '9100', './photos'],
      ['serve', '--port', '9100', './photos'],
    ],
    [
      ['--port=9100', './photos'],
      ['serve', '--port=9100', './photos'],
    ],
    [
      ['--config', 'b.yaml'],
      ['serve', '--config', 'b.yaml'],
    ],
    [['--help'], ['serve', '--help']],
  ])('with %j runs bucketway %j', async (args, expected) => {
    const { npm, gateway, end } = await start(args);
    process.kill(npm.pid as number, 'SIGTERM');
    await end;
    expect(gateway.args).toEqual(expected);
    expect(gateway.cwd).toBe(root);
  });

  it('takes a folder as seen from where the user is', async () => {
    const folder = join(root, 'scripts');
    const { npm, gateway, end } = await start([], folder);
    process.kill(npm.pid as number, 'SIGTERM');
    await end;
    expect(gateway).toMatchObject({ cwd: folder, args: ['serve', '../data'] });
  });
});
