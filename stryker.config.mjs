// Mutation testing (`npm run mutation`): changes the code a little, and reports which changes no test notices.

// Code that plain values are enough to test. Folders of processes and sockets would take hours.
const parts = {
  wire: ['src/wire/*.ts'],
  event: ['src/event/*.ts'],
  output: ['src/invoker/output/*.ts'],
  calls: [
    'src/{exit,invocation}.ts',
    'src/invoker/{admission,callFrames,callsAhead,instanceCalls,instanceState,slots,startBackoff}.ts',
  ],
}

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  // One part at a time: changes of constants run every test that imports the part.
  mutate: parts[process.env.PART] ?? Object.values(parts).flat(),
  thresholds: { high: 90, low: 80, break: 80 },
  testRunner: 'vitest',
  vitest: { configFile: 'test/mutation.config.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  coverageAnalysis: 'perTest',
  checkers: [],
  tsconfigFile: 'none', // Stryker would rewrite it with TypeScript's API, which version 7 does not have
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { logTests: false, reportTests: false },
  tempDirName: '.stryker',
  concurrency: 2,
  timeoutMS: 20_000, // a busy machine must not look like an endless loop
}
