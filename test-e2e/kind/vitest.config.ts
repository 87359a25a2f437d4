import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { LOCAL_FILES } from './exceptions.ts';

/** The end-to-end suite on a cluster, and what only a cluster shows. */
export default defineConfig({
  root: join(import.meta.dirname, '../..'),
  test: {
    name: 'kind',
    include: ['test-e2e/suite/**/*.e2e.ts', 'test-e2e/kind/suite/**/*.e2e.ts'],
    exclude: Object.keys(LOCAL_FILES).map((file) => `test-e2e/suite/${file}`),
    globalSetup: ['test-e2e/kind/setup.ts'],
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 600_000,
    teardownTimeout: 300_000,
  },
});
