// The folders and files that keep every rule of size and words. Each is added when it does.

export const finishedFolders = [
  'src/cli',
  'src/config.ts',
  'src/errors.ts',
  'src/event',
  'src/exit.ts',
  'src/http/auth',
  'src/image',
  'src/invoker',
  'src/json',
  'src/log',
  'src/main.ts',
  'src/metrics.ts',
  'src/options.ts',
  'src/timeout.ts',
  'src/wire',
] as const

/** The folders and files of runtime/ whose names and comments keep the words. */
export const finishedRuntimes: readonly string[] = []

/** The folders and files of test/ whose titles keep the words. */
export const finishedTests = [
  'test/app.test.ts',
  'test/architecture',
  'test/cli',
  'test/event',
  'test/faults.test.ts',
  'test/invoker/token',
  'test/log',
  'test/metrics.test.ts',
  'test/options.test.ts',
  'test/wire',
] as const
