import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/functions/**', 'test/container/**', 'node_modules/**'],
    globalSetup: ['test/harness/interpreter.ts', 'test/harness/bundle.ts'],
    reporters: ['default', './test/contract/compatibility.ts'],
    // The tests wait for processes more than they compute.
    maxWorkers: 4,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
