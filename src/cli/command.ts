// Runs a command line: prints its problems, its help, or runs the command.

import { checkConfig, type CheckedConfig } from '../config.ts'
import manifest from '../../package.json' with { type: 'json' }
import { parseArguments, type Arguments } from './arguments.ts'
import { helpText } from './help.ts'
import { serve, type Host } from './serve.ts'

/**
 * Runs a command line.
 * @returns the exit code (interface.md §2)
 */
export async function runCommand(argv: readonly string[], host: Host): Promise<number> {
  const given = parseArguments(argv)
  const { command } = given
  if (command === 'help') return print(helpText(given.topic))
  if (command === 'version') return print(manifest.version)
  const checked = checkConfig(given.handler, given.flags, given.args)
  if (command === 'check') return checkAll(given, checked, host)
  const { config } = checked
  const problems = [...given.problems, ...checked.problems]
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

// `check` reports a broken configuration. A command line that is broken itself is refused.
async function checkAll({ problems }: Arguments, checked: CheckedConfig, host: Host): Promise<number> {
  const isCheckable = problems.length === 0 && checked.handler !== undefined
  if (!isCheckable) return refuse([...problems, ...checked.problems])
  const { check } = await import('./check.ts')
  return check(checked, host)
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
