import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

function contract(file: string): string {
  return `${fileURLToPath(new URL('packages/contract/src/', import.meta.url))}${file}.ts`;
}

export default defineConfig({
  oxc: {
    // Nest injects by the constructor types that TypeScript's decorator metadata holds.
    decorator: { legacy: true, emitDecoratorMetadata: true },
  },
  resolve: {
    // The source itself, so that tests need no build.
    alias: [
      { find: /^@bucketway\/contract$/, replacement: contract('index') },
      { find: /^@bucketway\/contract\/(.+)$/, replacement: contract('$1') },
    ],
  },
  test: {
    include: [
      'packages/*/src/**/*.spec.ts',
      'services/*/src/**/*.spec.ts',
      'services/*/test/**/*.spec.ts',
      'operator/src/**/*.spec.ts',
      'operator/test/**/*.spec.ts',
      'scripts/*.spec.mjs',
    ],
    setupFiles: ['reflect-metadata'],
    reporters: ['default', './scripts/summary-reporter.mjs'],
    // They end what hangs, and say nothing of speed: the slowest machine that runs this is several times as slow as a desk's.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    // Most suites wait for servers and clients: one file a core would leave the cores idle.
    maxWorkers: 3,
  },
});
