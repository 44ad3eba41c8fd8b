// The command line, taken apart: which command, which handler, which flags. Collects every problem.

import { parseArgs } from 'node:util'
import type { Flags } from '../config.ts'
import { isTriggerName, triggerNames, type TriggerName } from './samples/samples.ts'
import { looksLikeScript } from '../invoker/handler/entrypoint.ts'
import { isSwitch, options, type OptionName } from '../options.ts'

/** Commands of the program (interface.md §2). */
const commandNames = ['serve', 'invoke', 'check'] as const
type CommandName = (typeof commandNames)[number]

/** What the user has asked for. */
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

/** Takes the arguments apart, without reading anything else. */
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
