// The tests that build the images and run them: they need a container engine and some minutes.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    root: `${import.meta.dirname}/../..`,
    include: ['test/container/**/*.test.ts'],
    globalSetup: ['test/container/images.ts'],
    setupFiles: ['test/container/skipping.ts'],
    // Containers compete for the same memory and ports; one after another they are reproducible.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
