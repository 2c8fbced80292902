import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: {
    // Nest injects by the constructor types that TypeScript's decorator metadata holds.
    decorator: { legacy: true, emitDecoratorMetadata: true },
  },
  resolve: {
    alias: {
      // The source itself, so that tests need no build.
      '@bucketway/contract': fileURLToPath(new URL('packages/contract/src/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['packages/*/src/**/*.spec.ts', 'services/*/src/**/*.spec.ts', 'services/*/test/**/*.spec.ts'],
    setupFiles: ['reflect-metadata'],
    reporters: ['default', './scripts/summary-reporter.mjs'],
    testTimeout: 20_000,
  },
});
