// The command line: its command, handler and flags, and every problem of it.

import { parseArgs } from 'node:util'
import type { Flags } from '../config.ts'
import { looksLikeScript } from '../invoker/handler/entrypoint.ts'
import { isSwitch, optionNames, type OptionName } from '../options.ts'
import { commandNames, type CommandName } from './help.ts'
import { isTriggerName, triggerNames, type TriggerName } from './samples/samples.ts'

/** A parsed command line. */
export interface Arguments {
  readonly command: CommandName | 'help' | 'version'
  /** the command that help is asked for; undefined: all of them */
  readonly topic: CommandName | undefined
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
  const invoke: Writable<InvokeFlags> = { headers: [] }
  const positionals: string[] = []
  const args: string[] = []
  const isBehindScript = (): boolean => looksLikeScript(positionals.at(-1) ?? '')
  let asked: 'help' | 'version' | undefined
  const syntax = { options: grammar, strict: false, allowPositionals: true, tokens: true } as const
  for (const token of parseArgs({ args: [...argv], ...syntax }).tokens) {
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
    else if (name === 'header') invoke.headers = [...invoke.headers, value ?? '']
    else if (name === 'data' || name === 'http') invoke[name] = value ?? ''
    else if (name !== 'event')
      flags[name as OptionName] = value ?? true // the grammar has no other names
    else if (value !== undefined && isTriggerName(value)) invoke.event = value
    else problems.push(`--event: must be one of ${triggerNames.join(', ')}, not ${JSON.stringify(value)}`)
  }
  if (positionals[0] === 'help') {
    positionals.shift()
    asked = 'help'
  }
  const command = commandNames.find((each) => each === positionals[0])
  if (command !== undefined) positionals.shift()
  const [handler, ...rest] = positionals
  problems.push(...rest.map((each) => `${each}: one HANDLER is enough`), ...invokeProblems(command, invoke))
  return { command: asked ?? command ?? 'serve', topic: command, handler, flags, invoke, args, problems }
}

function invokeProblems(command: CommandName | undefined, flags: InvokeFlags): readonly string[] {
  const { data, http, event, headers } = flags
  const problems: string[] = []
  if (command !== 'invoke' && (data ?? http ?? event ?? headers[0]) !== undefined)
    problems.push('-d, --http, -H and --event belong to fnbox invoke')
  if (event !== undefined && (http ?? headers[0]) !== undefined)
    problems.push('--event makes the whole event: --http and -H do not go with it')
  else if (command === 'invoke' && http === undefined && headers[0] !== undefined)
    problems.push("-H: headers belong to a request; give --http, too, such as --http 'POST /'")
  return problems
}

type Writable<Type> = { -readonly [Name in keyof Type]: Type[Name] }

function takesValue(name: string): boolean {
  return grammar[name]?.type === 'string'
}

interface Grammar {
  readonly type: 'string' | 'boolean'
  readonly short?: string
}

const grammar: Readonly<Record<string, Grammar>> = {
  ...Object.fromEntries(
    optionNames.map((name): [string, Grammar] => [name, { type: isSwitch(name) ? 'boolean' : 'string' }]),
  ),
  data: { type: 'string', short: 'd' },
  http: { type: 'string' },
  event: { type: 'string' },
  header: { type: 'string', short: 'H' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
}
