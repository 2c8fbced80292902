// The values: that each is described, set by one of the sets of values, and that what is not known is refused.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { getMetadataStorage } from 'class-validator';
import { parse } from 'yaml';
import { CHART, check, leavesOf, program, REPOSITORY, VALUES_FILES } from './harness.mjs';

const defaults = leavesOf(parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')));

/** Objects that a set of values replaces as a whole or in one member, such as those of Kubernetes. */
const WHOLE = /\.(?:\w*ecurityContext|updateStrategy|podDisruptionBudget|dashboard\.labels)(?=\.)/;

const isDefault = (path, value) => defaults.has(path) && isDeepStrictEqual(defaults.get(path), value);

/** The object that a value counts as, or itself. */
function wholeOf(path) {
  const match = WHOLE.exec(path);
  return match === null ? path : path.slice(0, match.index + match[0].length);
}

/** Values without what is at a path, and that alone. Segments may have dots themselves. */
function split(values, path) {
  const segment = Object.keys(values).find((name) => path === name || path.startsWith(`${name}.`));
  const { [segment]: member, ...others } = values;
  if (path === segment) return { without: others, alone: { [segment]: member } };
  const { without, alone } = split(member, path.slice(segment.length + 1));
  return { without: { ...others, [segment]: without }, alone: { [segment]: alone } };
}

for (const [name, file] of VALUES_FILES) {
  await check(`helm lint --strict with ${name}`, () => program('helm', ['lint', '--strict', CHART, '--values', file]));
}

await check('every value is another than its default in some set of values', () => {
  const changed = new Set();
  for (const file of VALUES_FILES.values()) {
    for (const [path, value] of leavesOf(parse(readFileSync(file, 'utf8')))) {
      const segments = path.split('.');
      if (!isDefault(path, value)) segments.forEach((_, index) => changed.add(segments.slice(0, index + 1).join('.')));
    }
  }
  assert.deepEqual(
    [...defaults.keys()].filter((path) => !changed.has(wholeOf(path))),
    [],
  );
});

await check('every such value changes what is rendered, among the others or alone', async () => {
  const renderOf = (values) =>
    program('helm', ['template', 'x', CHART, '--values', '-'], JSON.stringify(values)).catch((error) => error.stderr);
  const plain = await renderOf({});
  const idle = new Set();
  const effective = new Set();
  for (const file of VALUES_FILES.values()) {
    const values = parse(readFileSync(file, 'utf8')) ?? {};
    const rendered = await renderOf(values);
    for (const [path, value] of leavesOf(values)) {
      if (path === '' || isDefault(path, value) || effective.has(wholeOf(path))) continue;
      const { without, alone } = split(values, path);
      // One may be out of use beside another, such as a tag beside a digest.
      const isUsed = (await renderOf(without)) !== rendered || (await renderOf(alone)) !== plain;
      (isUsed ? effective : idle).add(wholeOf(path));
    }
  }
  assert.deepEqual(
    [...idle].filter((path) => !effective.has(path)),
    [],
  );
});

await check('README.md describes every value, and none that is not there', () => {
  const cells = readFileSync(join(CHART, 'README.md'), 'utf8').matchAll(/^\| (`[^|]+`) +\|/gm);
  const described = new Set([...cells].flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path)));
  const covers = (path) => path.split('.').some((_, index, all) => described.has(all.slice(0, index + 1).join('.')));
  assert.deepEqual(
    [...defaults.keys()].filter((path) => !covers(path)),
    [],
    'not described',
  );
  const there = (path) => [...defaults.keys()].some((leaf) => leaf === path || leaf.startsWith(`${path}.`));
  const ofLists = (path) => path.includes('[]');
  assert.deepEqual(
    [...described].filter((path) => !ofLists(path) && !there(path)),
    [],
    'described, but not there',
  );
});

await check('the schema has no object that takes what it does not know', () => {
  const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
  const open = [];
  const visit = (node, path) => {
    if (typeof node !== 'object' || node === null) return;
    if (node.properties !== undefined && node.additionalProperties !== false && !path.endsWith('/not')) open.push(path);
    for (const [name, member] of Object.entries(node)) visit(member, `${path}/${name}`);
  };
  visit(schema, '');
  assert.deepEqual(open, []);
});

// What a remote storage can be told is the gateway's to say: a member that is added there has to be added to the schema.
for (const kind of ['openlist', 'webdav', 's3']) {
  await check(
    `the schema has every option of ${kind} that the gateway has, and secrets by reference only`,
    async () => {
      const { StorageSection } = await import(join(REPOSITORY, 'services/gateway/dist/config/storage-section.js'));
      const { defaultMetadataStorage } = await import('class-transformer/cjs/storage.js').then(
        (module) => module.default,
      );
      const section = defaultMetadataStorage.findTypeMetadata(StorageSection, kind).typeFunction();
      const metadata = getMetadataStorage().getTargetValidationMetadatas(section, '', false, false);
      const members = new Set(metadata.map(({ propertyName }) => propertyName));
      const wanted = [...members]
        .filter((name) => !members.has(`${name}File`))
        .map((name) => name.replace(/File$/, 'SecretRef'));
      const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8'));
      assert.deepEqual(
        Object.keys(schema.definitions.storage.properties[kind].properties).toSorted(),
        wanted.toSorted(),
      );
    },
  );
}
