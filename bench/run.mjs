import { createHash, randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SignedRequest } from './signed-request.mjs';

const HELP = `Measures the gateway, alone or beside another S3 endpoint, and prints the figures with their ratios.

Usage:
  npm run bench -- [flags]

Flags:
  --against URL,ACCESS_KEY,SECRET_KEY   Also measure this endpoint, in turns; its bucket "perf" must exist or be creatable
  --phases LIST                         put4k,get4k,put64m,get64m,list (default all)
  --seconds N                           Length of a phase (default 4)
  --rounds N                            Turns a phase; the median counts (default 3)
  --objects N                           Objects of the listing (default 20000)
  --folder DIR                          Where the gateway's files go (default: a temporary folder)
  --durability LEVEL                    none, file or directory (default none)

The client runs on the same machine and takes its share of the processors: compare ratios, not figures of different machines.
`;

const SIZES = { '4k': [4096, 16], '64m': [64 << 20, 4] };
const PORT = 19000;

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    phases: { type: 'string', default: 'put4k,get4k,put64m,get64m,list' },
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    objects: { type: 'string', default: '20000' },
    folder: { type: 'string' },
    durability: { type: 'string', default: 'none' },
    help: { type: 'boolean', short: 'h' },
  },
});

/** Runs an action from so many loops at once until the time is up. @returns how often it was done a second */
async function load(loops, seconds, action) {
  const end = performance.now() + seconds * 1000;
  const started = performance.now();
  let done = 0;
  await Promise.all(
    Array.from({ length: loops }, async (_, loop) => {
      for (let n = 0; performance.now() < end; n++) {
        await action(loop, n);
        done += 1;
      }
    }),
  );
  return done / ((performance.now() - started) / 1000);
}

async function expectOk(answer) {
  const { status, text } = await answer;
  if (status >= 300) throw new Error(`The endpoint answered ${status} ${text}`);
}

async function put(client, path, body, hash) {
  await expectOk(client.send('PUT', path, { body, hash }));
}

const PHASES = {
  async put(client, [size, loops], seconds) {
    const body = randomBytes(size);
    const hash = createHash('sha256').update(body).digest('hex');
    return load(loops, seconds, (loop, n) =>
      put(client, `/perf/put-${size}/${loop}/${size > 1e6 ? n % 2 : n}`, body, hash),
    );
  },
  async get(client, [size, loops], seconds) {
    const body = randomBytes(size);
    const hash = createHash('sha256').update(body).digest('hex');
    const count = size > 1e6 ? 4 : 1000;
    for (let n = 0; n < count; n++) await put(client, `/perf/get-${size}/${n}`, body, hash);
    return load(loops, seconds, () =>
      expectOk(client.send('GET', `/perf/get-${size}/${Math.floor(Math.random() * count)}`)),
    );
  },
};

async function seed(client, objects) {
  const body = Buffer.from('x');
  const hash = createHash('sha256').update(body).digest('hex');
  await Promise.all(
    Array.from({ length: 16 }, async (_, loop) => {
      for (let n = loop; n < objects; n += 16)
        await put(client, `/perf/flat/${String(n).padStart(7, '0')}`, body, hash);
    }),
  );
}

/** Pages a second over a whole listing. */
async function list(client) {
  const started = performance.now();
  let token = '';
  for (let pages = 1; ; pages++) {
    const query = `${token && `continuation-token=${encodeURIComponent(token)}&`}list-type=2&prefix=flat%2F`;
    const { text } = await client.send('GET', '/perf', { query, text: true });
    token = /<NextContinuationToken>([^<]*)</.exec(text)?.[1] ?? '';
    if (token === '') return pages / ((performance.now() - started) / 1000);
  }
}

async function measure(client, phase) {
  if (phase === 'list') return list(client);
  const size = SIZES[phase.slice(3)];
  const rate = await PHASES[phase.slice(0, 3)](client, size, Number(values.seconds));
  return size[0] > 1e6 ? (rate * size[0]) / 1e6 : rate;
}

/** Peak memory of a process and its children, in MB. */
async function peakMemory(pid) {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  let total = 0;
  for (const one of [pid, ...children.trim().split(' ').filter(Boolean)]) {
    const status = await readFile(`/proc/${one}/status`, 'utf8').catch(() => '');
    total += Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  }
  return Math.round(total);
}

function median(list) {
  return list.toSorted((one, other) => one - other)[list.length >> 1];
}

async function startGateway(folder) {
  const keys = { accessKey: 'BENCHKEY', secretKey: 'bench-secret-key-0001' };
  const bin = new URL('../services/gateway/bin/bucketway.js', import.meta.url).pathname;
  const args = ['serve', folder, '--port', PORT, '--access-key', keys.accessKey, '--secret-key', keys.secretKey];
  const child = spawn(process.execPath, [bin, ...args.map(String), '--durability', values.durability], {
    stdio: 'ignore',
  });
  const client = new SignedRequest({ endpoint: `http://127.0.0.1:${PORT}`, ...keys });
  for (;;) {
    const up = await client.send('GET', '/').catch(() => undefined);
    if (up) return { child, client };
    if (child.exitCode !== null)
      throw new Error('The gateway did not start: run "npm run build", and see that the port is free.');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function main() {
  if (values.help) return void process.stdout.write(HELP);
  const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'bucketway-bench-')));
  const { child, client } = await startGateway(folder);
  const sides = [client];
  if (values.against) {
    const [endpoint, accessKey, secretKey] = values.against.split(',');
    sides.push(new SignedRequest({ endpoint, accessKey, secretKey }));
  }
  try {
    for (const side of sides) await side.send('PUT', '/perf');
    process.stdout.write(`phase      bucketway${values.against ? '      other   ratio' : ''}\n`);
    for (const phase of values.phases.split(',')) {
      if (phase === 'list') for (const side of sides) await seed(side, Number(values.objects));
      const figures = sides.map(() => []);
      for (let round = 0; round < Number(values.rounds); round++) {
        const turns = [...sides.keys()];
        if (round % 2 === 1) turns.reverse();
        for (const side of turns) figures[side].push(await measure(sides[side], phase));
      }
      const [ours, other] = figures.map(median);
      const unit = phase === 'list' ? 'pages/s' : phase.endsWith('m') ? 'MB/s' : 'operations/s';
      const beside =
        other === undefined ? '' : `${other.toFixed(0).padStart(11)}${(ours / other).toFixed(2).padStart(8)}`;
      process.stdout.write(`${phase.padEnd(8)}${ours.toFixed(0).padStart(12)}${beside}   ${unit}\n`);
    }
    process.stdout.write(`peak memory of all processes: ${await peakMemory(child.pid)} MB\n`);
  } finally {
    for (const side of sides) side.close();
    child.kill();
    if (values.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

await main();
