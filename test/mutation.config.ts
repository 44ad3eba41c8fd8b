// The tests on plain values: no processes, sockets or bundle, so that they can run for each of thousands of mutants.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/event/**/*.test.ts', 'test/wire/**/*.test.ts', 'test/invoker/*.test.ts'],
    exclude: ['test/invoker/{memory,pool}.test.ts'], // with child processes
    testTimeout: 60_000, // the changed code counts what runs, which makes it several times slower
  },
})
