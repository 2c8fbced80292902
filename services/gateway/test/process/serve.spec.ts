import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayProcess } from './gateway-process.js';

describe('bucketway serve DIR', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bucketway-serve-'));
    mkdirSync(join(folder, 'my-bucket'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('drains once the shell of npm has ended, which takes a signal and passes nothing on', async () => {
    const bin = fileURLToPath(new URL('../../bin/bucketway.js', import.meta.url));
    const words = [process.execPath, bin, 'serve', folder, '--port', '0', '--workers', '1'];
    // With something behind it, the shell does not become the gateway.
    const shell = spawn('sh', ['-c', '"$@"; :', 'sh', ...words], { env: { ...process.env, npm_command: 'exec' } });
    let said = '';
    const serving = Promise.withResolvers<void>();
    shell.stderr.on('data', (data) => {
      said += String(data);
      if (said.includes('serving S3 on ')) serving.resolve();
    });
    shell.stdout.resume();
    await serving.promise;
    const gone = once(shell, 'close');
    shell.kill('SIGTERM');
    // Not before the gateway has ended, which has the same pipes.
    await gone;
    expect(said).toContain('end of npm received');
  });

  it('makes keys once, keeps them to their owner, and prints lines that work', async () => {
    const first = await GatewayProcess.start([folder, '--port', '0', '--workers', '1']);
    await first.until(() => first.stdout.includes('aws s3 ls s3://my-bucket/'));
    const variables = new Map(
      [...first.stdout.matchAll(/export (\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
    );
    expect([...variables.keys()]).toEqual([
      'AWS_ENDPOINT_URL',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_REGION',
    ]);
    expect(variables.get('AWS_ENDPOINT_URL')).toBe(`http://${first.address}`);
    const keys = [variables.get('AWS_ACCESS_KEY_ID') ?? '', variables.get('AWS_SECRET_ACCESS_KEY') ?? ''] as const;
    const client = first.client(...keys);
    await client.send(new PutObjectCommand({ Bucket: 'my-bucket', Key: 'a/b.txt', Body: 'hello' }));
    expect(readFileSync(join(folder, 'my-bucket/a/b.txt'), 'utf8')).toBe('hello');
    expect(await first.stop()).toBe(0);
    expect(statSync(join(folder, '.bucketway/credentials.json')).mode & 0o777).toBe(0o600);
    const second = await GatewayProcess.start([folder, '--port', '0', '--workers', '1']);
    const { Body } = await second.client(...keys).send(new GetObjectCommand({ Bucket: 'my-bucket', Key: 'a/b.txt' }));
    expect(await Body?.transformToString()).toBe('hello');
    expect(await second.stop('SIGINT')).toBe(0);
  });

  it('serves the folder itself as one bucket, with keys of the environment that it does not repeat', async () => {
    const environment = { BUCKETWAY_ACCESS_KEY_ID: 'AKENV', BUCKETWAY_SECRET_ACCESS_KEY: 'environment-secret' };
    const gateway = await GatewayProcess.start(
      [folder, '--port', '0', '--bucket', 'whole', '--workers', '1'],
      environment,
    );
    await gateway
      .client('AKENV', 'environment-secret')
      .send(new PutObjectCommand({ Bucket: 'whole', Key: 'x', Body: '1' }));
    expect(readFileSync(join(folder, 'x'), 'utf8')).toBe('1');
    expect(await gateway.stop()).toBe(0);
    expect(gateway.stdout + gateway.stderr).not.toContain('environment-secret');
  });

  it('names --admin-port where that is the port in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const { code, stderr } = await GatewayProcess.run(['serve', folder, '--port', '0', '--admin-port', port]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/EADDRINUSE.*; choose another with --admin-port/);
  });

  it.each(['1', '2'])('names --port where the port is in use (workers: %s)', async (workers) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const port = String((taken.address() as AddressInfo).port);
    const { code, stderr } = await GatewayProcess.run(['serve', folder, '--port', port, '--workers', workers]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: the port is in use \(.*EADDRINUSE.*\); choose another with --port/);
  });
});

describe('bucketway', () => {
  it.each([
    [[], 2, /Usage:/],
    [['--help'], 0, /bucketway COMMAND/],
    [['serve', '--help'], 0, /--signature-versions/],
    [['check', '-h'], 0, /bucketway check FILE/],
    [['--version'], 0, /^bucketway \d+\.\d+\.\d+ \(node v24/],
    [['serv'], 2, /unknown command "serv"; did you mean "serve"\?/],
    [['--versoin'], 2, /did you mean "--version"\?/],
    [['serve', '.', '--prot', '1'], 2, /unknown flag --prot; did you mean --port\?/],
    [['serve', '.', '--port'], 2, /--port needs a value/],
    [['serve', '.', '--port', '--host'], 2, /--port needs a value/],
    [['serve', '.', '--port', '1', '--port', '2'], 2, /--port is given twice/],
    [['serve', '.', '--port', '70000'], 2, /--port must be a port/],
    [['serve', '.', '--bucket', 'No'], 2, /--bucket must be 3 to 63/],
    [['serve', '.', '--access-key', 'AKA'], 2, /--access-key and --secret-key go together/],
    [['serve', '.', '--signature-versions', 'v3'], 2, /--signature-versions must be/],
    [['serve', '.', '--workers', '257'], 2, /--workers must be auto or a number from 1 to 256/],
    [['serve'], 2, /say which folder to serve, or --config FILE/],
    [['serve', ''], 2, /say which folder to serve/],
    [['serve', '/nowhere/at/all'], 2, /does not exist; make it: mkdir -p/],
    [['serve', '--config', 'x', '--port', '1'], 2, /--port is for serve DIR/],
    [['serve', '--config', '/nowhere.yaml'], 1, /nowhere\.yaml:1:1: cannot be read/],
    [['check'], 2, /say which file to check/],
  ])('%j', async (args, code, output) => {
    const result = await GatewayProcess.run(args);
    expect(result.stdout + result.stderr).toMatch(output);
    expect(result.code).toBe(code);
  });

  it('refuses to start with a log level that there is not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bucketway-serve-'));
    const environment = { BUCKETWAY_LOG_LEVEL: 'loud' };
    const { code, stderr } = await GatewayProcess.run(['serve', folder, '--port', '0'], environment);
    expect(stderr).toMatch(/^error: BUCKETWAY_LOG_LEVEL is "loud": set it to one of fatal, error, warn/);
    expect(code).toBe(2);
    rmSync(folder, { recursive: true });
  });

  it('check prints every mistake with its line, and a summary where there is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bucketway-check-'));
    const file = join(folder, 'c.yaml');
    writeFileSync(file, 'regoin: x\nstorages:\n- mount: /\n  local: {root: 7}\n');
    const bad = await GatewayProcess.run(['check', file]);
    expect(bad).toMatchObject({ code: 1, stderr: '' });
    expect(bad.stdout.split('\n')).toEqual([
      `${file}:1:1: regoin: is not a known field; did you mean "region"?`,
      `${file}:4:11: storages[0].local.root: must be the path of a folder; quote it: "7"`,
      '2 mistakes',
      '',
    ]);
    writeFileSync(file, 'storages:\n- mount: /\n  local: {root: .}\n');
    const good = await GatewayProcess.run(['check', file]);
    expect(good).toMatchObject({ code: 0, stdout: `${file}: ok: 1 storage, 0 identities, 0 buckets\n` });
    rmSync(folder, { recursive: true });
  });

  it('check --connect tries every storage, and says what each can do or what is wrong with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bucketway-check-'));
    const file = join(folder, 'c.yaml');
    mkdirSync(join(folder, 'there'));
    const there = 'storages:\n- {mount: /, local: {root: there, metadata: sidecar}}\n';
    writeFileSync(file, there);
    const good = await GatewayProcess.run(['check', '--connect', file]);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout.split('\n').slice(1)).toEqual([
      'MOUNT  KIND   WRITES  CONDITIONAL WRITES  REPLACING  METADATA       MULTIPART  REDIRECTS',
      '/      local  yes     exact               atomic     sidecar files  in place   never',
      '',
    ]);
    expect(globSync('**/check-*', { cwd: folder })).toEqual([]);
    writeFileSync(join(folder, 'denied.yaml'), `${there}accessLog: {file: there}\n`);
    const denied = await GatewayProcess.run(['check', join(folder, 'denied.yaml')]);
    expect(denied.code).toBe(1);
    expect(denied.stdout).toContain(
      `:3:13: accessLog.file: ${join(folder, 'there')} cannot be written: it is a folder`,
    );
    // Where the gateway's own would lie there is a file: it cannot be written, and may be there to be read.
    rmSync(join(folder, 'there/.bucketway'), { recursive: true });
    writeFileSync(join(folder, 'there/.bucketway'), '');
    const readable = await GatewayProcess.run(['check', '--connect', file]);
    expect(readable).toMatchObject({ code: 0 });
    expect(readable.stdout).toContain('note: / (local) cannot be written: ');
    rmSync(join(folder, 'there/.bucketway'));
    writeFileSync(file, `${there}- {mount: /away, local: {root: away}}\n`);
    expect(await GatewayProcess.run(['check', file])).toMatchObject({ code: 0 });
    const bad = await GatewayProcess.run(['check', file, '--connect']);
    expect(bad.code).toBe(1);
    expect(bad.stdout.split('\n').slice(3)).toEqual([
      '/away  local  cannot be used',
      `/away (local): The storage root ${join(folder, 'away')} cannot be used: ENOENT.`,
      '',
    ]);
    rmSync(folder, { recursive: true });
  });
});
