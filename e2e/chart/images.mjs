// The images, without building them: that what the programs import is installed with them, and that neither runs as root.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { check, REPOSITORY } from './harness.mjs';

const PROGRAMS = [
  ['gateway', 'services/gateway'],
  ['operator', 'operator'],
];

/** Packages that the sources of a folder import when they run: neither types nor tests. */
function importsOf(folder) {
  const found = new Map();
  for (const file of globSync('src/**/*.ts', { cwd: folder, exclude: (name) => name.endsWith('.spec.ts') })) {
    const text = readFileSync(join(folder, file), 'utf8');
    const imports = text.matchAll(
      /^(?:import|export)\s+(?!type\s)(?:[^'";]*?from\s+)?'([^'.][^']*)'|\bimport\('([^'.][^']*)'\)/gm,
    );
    for (const [, fixed, dynamic] of imports) found.set((fixed ?? dynamic).match(/^(?:@[^/]+\/)?[^/]+/)[0], file);
  }
  return found;
}

for (const [name, folder] of PROGRAMS) {
  const path = join(REPOSITORY, folder);
  await check(`every package that the ${name} imports is a dependency of it, and so in its image`, () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const installed = { ...dependencies, ...optionalDependencies };
    const missing = [...importsOf(path)].filter(
      ([name]) => !(name in installed) && !name.startsWith('node:') && !builtinModules.includes(name),
    );
    assert.deepEqual(missing, []);
  });

  await check(
    `the Dockerfile of the ${name} ends with a stage that is not root, by number, and installs nothing`,
    () => {
      const last = readFileSync(join(path, 'Dockerfile'), 'utf8')
        .split(/^FROM /m)
        .at(-1);
      assert.match(last, /^USER [1-9]\d*:[1-9]\d*$/m);
      assert.doesNotMatch(last, /npm (?:ci|install)|apt-get/);
      assert.match(last, /rm -rf \/usr\/local\/lib\/node_modules/);
      assert.match(last, /org\.opencontainers\.image\.licenses/);
    },
  );
}
