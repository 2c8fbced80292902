// What the checks of the chart share: lines of results, the tools, and the chart rendered as objects.
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
export const CHART = join(REPOSITORY, 'charts/bucketway');
export const NAMESPACE = 'storage';
const VALUES = fileURLToPath(new URL('values', import.meta.url));

/** Names of the sets of values, and their files. */
export const VALUES_FILES = new Map(
  readdirSync(VALUES)
    .toSorted()
    .map((file) => [basename(file, '.yaml'), join(VALUES, file)]),
);

/** Prints a line about one check; the driver counts them. */
export async function check(what, body) {
  try {
    await body();
    console.log(`ok chart: ${what}`);
  } catch (error) {
    console.log(`not ok chart: ${what}`);
    console.log(
      `    ${String(error.stderr || error.message || error)
        .trim()
        .replaceAll('\n', '\n    ')}`,
    );
    process.exitCode = 1;
  }
}

/** Runs a program without a shell. @returns what it prints @throws with `stderr` where it fails */
export async function program(name, args, input) {
  const running = run(name, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (input !== undefined) running.child.stdin.on('error', () => {}).end(input);
  return (await running).stdout;
}

/** The chart as Helm renders it. @param file of values */
export async function render(file, ...flags) {
  const args = ['template', 'bucketway', CHART, '--namespace', NAMESPACE, '--values', file, ...flags];
  return objectsOf(await program('helm', args));
}

/** The objects of a stream of YAML documents. */
export function objectsOf(text) {
  const objects = [];
  for (const document of parseAllDocuments(text, { uniqueKeys: true })) {
    if (document.errors.length > 0) throw document.errors[0];
    const object = document.toJS();
    if (object !== null) objects.push(object);
  }
  return objects;
}

/** `Kind namespace/name`. */
export function nameOf({ kind, metadata: { namespace = '', name } }) {
  return `${kind} ${namespace}/${name}`;
}

/** Every path to a leaf of plain data, as `a.b.c`; lists and empty objects are leaves. */
export function leavesOf(value, path = []) {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length === 0) {
    return new Map([[path.join('.'), value]]);
  }
  return new Map(Object.entries(value).flatMap(([name, member]) => [...leavesOf(member, [...path, name])]));
}
