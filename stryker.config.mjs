// Mutation testing (`npm run mutation`): changes the code a little, and reports which changes no test notices.

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  // Code that plain values are enough to test. Folders of processes and sockets would take hours.
  mutate: [
    'src/wire/**/*.ts',
    'src/event/**/*.ts',
    'src/invoker/{admission,callFrames,callsAhead,instanceCalls,instanceState,slots,startBackoff}.ts',
    'src/invoker/output/*.ts',
    'src/{exit,invocation}.ts',
  ],
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
