import { defineConfig } from 'vitest/config'

// Of a test that hangs: all others end in their own time, however slow the machine is.
const patienceMs = 180_000

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/functions/**', 'test/container/**', 'node_modules/**'],
    globalSetup: ['test/harness/interpreter.ts', 'test/harness/bundle.ts'],
    reporters: ['default', './test/contract/compatibility.ts'],
    // The tests wait for processes more than they compute.
    maxWorkers: 4,
    testTimeout: patienceMs,
    hookTimeout: patienceMs,
  },
})
