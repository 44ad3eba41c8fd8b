// One command line from beginning to end: problems first, then the command itself.

import { surveyConfig, type Survey } from '../config.ts'
import { helpText, parseArguments, versionText, type Arguments } from './arguments.ts'
import { serve, type Host } from './serve.ts'

/**
 * Runs a command line.
 * @returns the exit code (interface.md §2)
 */
export async function runCommand(argv: readonly string[], host: Host): Promise<number> {
  const given = parseArguments(argv)
  const { command } = given
  if (command === 'help') return print(helpText())
  if (command === 'version') return print(versionText())
  const survey = surveyConfig(given.handler, given.flags, given.args)
  if (command === 'check') return checkAll(given, survey, host)
  const { config } = survey
  const problems = [...given.problems, ...survey.problems]
  if (config === undefined || problems.length > 0) return refuse(problems)
  switch (command) {
    case 'serve':
      return serve(config, host)
    case 'invoke': {
      const { invoke } = await import('./invoke.ts')
      return invoke(config, given.invoke, host)
    }
    default:
      return command satisfies never
  }
}

// A broken configuration is what `check` has been asked about; a command line that makes no question is not.
async function checkAll({ problems }: Arguments, survey: Survey, host: Host): Promise<number> {
  const asks = problems.length === 0 && survey.handler !== undefined
  if (!asks) return refuse([...problems, ...survey.problems])
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
