// The folders and files that keep every rule of size and words. Each is added when it does.

export const finishedFolders = [
  'src/app.ts',
  'src/cli',
  'src/config.ts',
  'src/errors.ts',
  'src/event',
  'src/events.ts',
  'src/exit.ts',
  'src/http',
  'src/image',
  'src/invoker',
  'src/appJobs.ts',
  'src/invocation.ts',
  'src/jobs',
  'src/json',
  'src/log',
  'src/main.ts',
  'src/metrics.ts',
  'src/options.ts',
  'src/settings.ts',
  'src/timeout.ts',
  'src/wire',
] as const

/** The folders and files of runtime/ whose names and comments keep the words. */
export const finishedRuntimes: readonly string[] = ['runtime']

/** The folders and files of test/ whose titles keep the words. */
export const finishedTests = ['test'] as const
