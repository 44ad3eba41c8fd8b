// The command line: which command, which handler, which flags, and every problem of it. And what --help and --version print.

import { parseArgs } from 'node:util'
import type { Flags } from '../config.ts'
import { looksLikeScript } from '../invoker/handler/entrypoint.ts'
import { isSwitch, options, type OptionGroup, type OptionName } from '../options.ts'
import manifest from '../../package.json' with { type: 'json' }
import { isTriggerName, triggerNames, triggers, type TriggerName } from './samples/samples.ts'

/** Commands of the program (interface.md §2). */
const commandNames = ['serve', 'invoke', 'check'] as const
type CommandName = (typeof commandNames)[number]

/** A parsed command line. */
export interface Arguments {
  readonly command: CommandName | 'help' | 'version'
  readonly handler: string | undefined
  readonly flags: Flags
  /** flags of `invoke` alone */
  readonly invoke: InvokeFlags
  /** what belongs to the script that HANDLER names: all that is no option of ours, and everything behind `--` */
  readonly args: readonly string[]
  readonly problems: readonly string[]
}

/** The flags of `fnbox invoke`. */
export interface InvokeFlags {
  /** -d: JSON, `@FILE`, or `-` for the standard input */
  readonly data?: string
  /** --http: method and target, as in `POST /?a=1` */
  readonly http?: string
  /** --event: whose event is made around the data */
  readonly event?: TriggerName
  /** -H, in order */
  readonly headers: readonly string[]
}

/** Parses the arguments, without reading anything else. */
export function parseArguments(argv: readonly string[]): Arguments {
  const problems: string[] = []
  const flags: Flags = {}
  const headers: string[] = []
  const positionals: string[] = []
  const args: string[] = []
  const isBehindScript = (): boolean => looksLikeScript(positionals.at(-1) ?? '')
  const invoke: { data?: string; http?: string; event?: TriggerName } = {}
  let asked: 'help' | 'version' | undefined
  const { tokens } = parseArgs({
    args: [...argv],
    options: grammar,
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'option-terminator') {
      ;(isBehindScript() ? args : positionals).push(...argv.slice(token.index + 1))
      break
    }
    if (token.kind === 'positional' || (isBehindScript() && !Object.hasOwn(grammar, token.name))) {
      ;(isBehindScript() ? args : positionals).push(argv[token.index] ?? '')
      continue
    }
    const { name, rawName, value } = token
    if (name === 'help' || name === 'version') asked = name
    else if (!Object.hasOwn(grammar, name)) problems.push(`${rawName} is not an option; see fnbox --help`)
    else if (!takesValue(name) && value !== undefined) problems.push(`${rawName} takes no value`)
    else if (takesValue(name) && value === undefined) problems.push(`${rawName} needs a value`)
    else if (name === 'header') headers.push(value ?? '')
    else if (name === 'data' || name === 'http') invoke[name] = value ?? ''
    else if (name === 'event') {
      if (value !== undefined && isTriggerName(value)) invoke.event = value
      else problems.push(`--event: must be one of ${triggerNames.join(', ')}, not ${JSON.stringify(value)}`)
    } else flags[name as OptionName] = value ?? true // the grammar has no other names
  }
  const [first] = positionals
  const command = commandNames.find((each) => each === first)
  if (command !== undefined) positionals.shift()
  const [handler, ...rest] = positionals
  for (const each of rest) problems.push(`${each}: one HANDLER is enough`)
  if (command !== 'invoke' && (invoke.data ?? invoke.http ?? invoke.event ?? headers[0]) !== undefined)
    problems.push('-d, --http, -H and --event belong to fnbox invoke')
  if (invoke.event !== undefined && (invoke.http ?? headers[0]) !== undefined)
    problems.push('--event makes the whole event: --http and -H do not go with it')
  else if (command === 'invoke' && invoke.http === undefined && headers[0] !== undefined)
    problems.push("-H: headers belong to a request; give --http, too, such as --http 'POST /'")
  return {
    command: asked ?? command ?? 'serve',
    handler,
    flags,
    invoke: { ...invoke, headers },
    args,
    problems,
  }
}

function takesValue(name: string): boolean {
  return grammar[name]?.type === 'string'
}

/** All commands and options, by subject. The options come from their table, so that none is forgotten. */
export function helpText(): string {
  return [usage, events(), ...(Object.keys(titles) as OptionGroup[]).map(describeGroup), exits].join('\n\n')
}

/** The version of this package. */
export function versionText(): string {
  return manifest.version
}

function events(): string {
  const lines = triggerNames.map((name) => `  ${name.padEnd(26)} ${triggers[name].data}`)
  return ['Events (fnbox invoke --event NAME), and what -d is in each:', ...lines].join('\n')
}

function describeGroup(group: OptionGroup): string {
  const names = (Object.keys(options) as OptionName[]).filter((name) => options[name].group === group)
  return [`${titles[group]}:`, ...names.map(describeOption)].join('\n')
}

function describeOption(name: OptionName): string {
  const { value, env, help } = options[name]
  const flag = value === undefined ? `--${name}` : `--${name} ${value}`
  return `  ${flag.padEnd(26)} ${env.padEnd(24)} ${help}`
}

const grammar: Readonly<
  Record<
    string,
    { readonly type: 'string' | 'boolean'; readonly short?: string; readonly multiple?: boolean }
  >
> = {
  ...Object.fromEntries(
    (Object.keys(options) as OptionName[]).map((name) => [
      name,
      { type: isSwitch(name) ? 'boolean' : 'string' } as const,
    ]),
  ),
  data: { type: 'string', short: 'd' },
  http: { type: 'string' },
  event: { type: 'string' },
  header: { type: 'string', short: 'H', multiple: true },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
}

const titles: Readonly<Record<OptionGroup, string>> = {
  function: 'Function',
  server: 'Server',
  access: 'Access',
  limits: 'Limits',
  scaling: 'Scaling',
  identity: 'Identity',
  token: 'Token',
  jobs: 'Jobs',
  tasks: 'Tasks',
  logs: 'Logs',
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
