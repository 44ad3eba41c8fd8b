// What `--help` prints: all of it, or what one command takes. The options come from their table, so that none is forgotten.

import { optionNames, options, type OptionName } from '../options.ts'
import { triggerNames, triggers } from './samples/samples.ts'

/** A command that runs a function. */
export type CommandName = keyof typeof usages

/** The help of one command; undefined: of all of them. */
export function helpText(command: CommandName | undefined): string {
  const names = command === undefined ? commandNames : [command]
  const ofInvoke = names.includes('invoke') ? [invokeFlags, eventsText()] : []
  return [usageText(names), ...ofInvoke, ...groupsOf(command).map(groupText), exits].join('\n\n')
}

function usageText(names: readonly CommandName[]): string {
  const lines = names.map((name) => `  fnbox ${usages[name]}`)
  return ['Usage:', ...lines, '', handlerText].join('\n')
}

// A single call has no port, no callers and no queue.
function groupsOf(command: CommandName | undefined): readonly string[] {
  const groups = new Set(optionNames.map((name) => options[name].group))
  return command === 'invoke' ? [...groups].filter((group) => !serverGroups.has(group)) : [...groups]
}

function eventsText(): string {
  const lines = triggerNames.map((name) => `  ${name.padEnd(26)} ${triggers[name].data}`)
  return ['Events (--event NAME), and what -d is in each:', ...lines].join('\n')
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

const usages = {
  serve: '[serve] HANDLER [options]     serve a function over HTTP',
  invoke: 'invoke HANDLER [options]      call it once: result on stdout, logs on stderr',
  check: 'check HANDLER [options]       load it once and print every problem',
} as const

/** All of them. */
export const commandNames = Object.keys(usages) as readonly CommandName[] // the keys of that very object

const serverGroups: ReadonlySet<string> = new Set(['Server', 'Access', 'Scaling', 'Jobs'])

const handlerText = `HANDLER is file.handler, relative to the code root; FNBOX_HANDLER takes its place.
A flag wins over its environment variable. Durations: 250ms, 10s, 5m, 1h. Sizes: 128MB, 3.5MB or bytes.
fnbox help COMMAND prints the options of one command.`

const invokeFlags = `Call once (fnbox invoke):
  -d, --data JSON|@FILE|-    the event; with --http the request's body
  --http 'METHOD TARGET'     build the event from a request such as 'POST /?a=1', print the mapped reply
  -H, --header 'Name: value' a header of that request; may be repeated
  --event NAME               make the event of a trigger or gateway around -d; without -d it is a sample`

const exits = `Exit codes: 0 done, 1 the function failed or has problems, 2 it timed out, 64 unusable arguments or
configuration, 69 the port is taken, 70 a bug of fnbox.`
