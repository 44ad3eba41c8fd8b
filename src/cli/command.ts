// Runs a command line: prints its problems, its help, or runs the command.

import { checkConfig, type CheckedConfig } from '../config.ts'
import { optionNames, options, type OptionName } from '../options.ts'
import manifest from '../../package.json' with { type: 'json' }
import { parseArguments, type Arguments } from './arguments.ts'
import { triggerNames, triggers } from './samples/samples.ts'
import { serve, type Host } from './serve.ts'

/**
 * Runs a command line.
 * @returns the exit code (interface.md §2)
 */
export async function runCommand(argv: readonly string[], host: Host): Promise<number> {
  const given = parseArguments(argv)
  const { command } = given
  if (command === 'help') return print(helpText())
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

// All commands and options, by group. The options come from their table, so that none is forgotten.
function helpText(): string {
  const groups = new Set(optionNames.map((name) => options[name].group))
  return [usage, eventsText(), ...Array.from(groups, groupText), exits].join('\n\n')
}

function eventsText(): string {
  const lines = triggerNames.map((name) => `  ${name.padEnd(26)} ${triggers[name].data}`)
  return ['Events (fnbox invoke --event NAME), and what -d is in each:', ...lines].join('\n')
}

function groupText(group: string): string {
  const names = optionNames.filter((name) => options[name].group === group)
  return [`${group}:`, ...names.map(optionText)].join('\n')
}

function optionText(name: OptionName): string {
  const { value, env, help } = options[name]
  const flag = value === undefined ? `--${name}` : `--${name} ${value}`
  return `  ${flag.padEnd(26)} ${env.padEnd(24)} ${help}`
}

const usage = `Usage: fnbox [serve] HANDLER [options]     serve a function over HTTP
       fnbox invoke HANDLER [options]      call it once: result on stdout, logs on stderr
       fnbox check HANDLER [options]       load it once and print every problem

HANDLER is file.handler, relative to the code root; FNBOX_HANDLER takes its place.
A flag wins over its environment variable. Durations: 250ms, 10s, 5m, 1h. Sizes: 128MB, 3.5MB or bytes.

Call once (fnbox invoke):
  -d, --data JSON|@FILE|-    the event; with --http the request's body
  --http 'METHOD TARGET'     build the event from a request such as 'POST /?a=1', print the mapped reply
  -H, --header 'Name: value' a header of that request; may be repeated
  --event NAME               make the event of a trigger or gateway around -d; without -d it is a sample`

const exits = `Exit codes: 0 done, 1 the function failed or has problems, 2 it timed out, 64 unusable arguments or
configuration, 69 the port is taken, 70 a bug of fnbox.`

const unusable = 64
