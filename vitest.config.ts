import { defineConfig } from 'vitest/config';

/** unit: beside the source, no network but this process' own loopback. integration: real servers. e2e: the mesh. regions: two of them. */
export default defineConfig({
  test: {
    reporters: ['default'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,operator,services,cdk8s,packaging,test-e2e,bench}/**/*.test.ts'],
          // Property tests take a second or two, and many times that beside other work.
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{packages,operator,services,cdk8s,packaging,test-e2e}/**/*.integration.ts'],
          globalSetup: ['test-e2e/setup/integration.ts'],
          // Above the waits inside a test together, which say better what did not come.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test-e2e/suite/**/*.e2e.ts'],
          globalSetup: ['test-e2e/setup/e2e.ts'],
          fileParallelism: false,
          // Above the waits inside a test together, which say better what did not come.
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'regions',
          include: ['test-e2e/regions/**/*.regions.ts'],
          fileParallelism: false,
          // After all others: it kills and freezes, and what is slow for another reason would be taken for its doing.
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
