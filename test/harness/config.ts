// A configuration as a test wants it: without problems, and of no variables but its own.

import { checkConfig, type Config, type Environment, type Flags } from '../../src/config.ts'

/** Reads it. @throws Error that names every problem found */
export function readConfig(
  handler: string | undefined,
  flags: Flags,
  env: Environment,
  args: readonly string[] = [],
): Config {
  const { config, problems } = checkConfig(handler, flags, args, env)
  if (config === undefined || problems.length > 0) throw new Error(problems.join('\n'))
  return config
}
