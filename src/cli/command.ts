// One command line from beginning to end: problems first, then the command itself.

import { ConfigError, readConfig, surveyConfig, type Config } from '../config.ts'
import { parseArguments, type Arguments } from './arguments.ts'
import type { Host } from './host.ts'
import { helpText, versionText } from './help.ts'
import { serve } from './serve.ts'

/**
 * Runs a command line.
 * @returns the exit code (interface.md §2)
 */
export async function runCommand(argv: readonly string[], host: Host): Promise<number> {
  const given = parseArguments(argv)
  if (given.command === 'help') return print(helpText())
  if (given.command === 'version') return print(versionText())
  if (given.command === 'check') return checkAll(given, host)
  const config = configure(given)
  if (!('options' in config)) return refuse(config)
  switch (given.command) {
    case 'serve':
      return serve(config, host)
    case 'invoke': {
      const { invoke } = await import('./invoke.ts')
      return invoke(config, given.invoke, host)
    }
    default:
      return given.command satisfies never
  }
}

function configure(given: Arguments): Config | readonly string[] {
  try {
    const config = readConfig(given.handler, given.flags, undefined, given.args)
    return given.problems.length > 0 ? given.problems : config
  } catch (error) {
    if (error instanceof ConfigError) return [...given.problems, ...error.problems]
    throw error
  }
}

// A broken configuration is what `check` has been asked about; a command line that makes no question is not.
async function checkAll(given: Arguments, host: Host): Promise<number> {
  const survey = surveyConfig(given.handler, given.flags, undefined, given.args)
  const asks = given.problems.length === 0 && survey.handler !== undefined
  if (!asks) return refuse([...given.problems, ...survey.problems])
  const { check } = await import('./check.ts')
  return check(survey, host)
}

function refuse(problems: readonly string[]): number {
  process.stderr.write(`fnbox cannot start:\n${problems.map((each) => `  - ${each}\n`).join('')}`)
  return unusable
}

function print(text: string): number {
  process.stdout.write(`${text}\n`)
  return 0
}

const unusable = 64
