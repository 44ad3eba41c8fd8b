// The configuration: flags, then environment variables, then defaults (interface.md §3). The only reader of process.env.

import { existsSync, statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isUsableFunctionId } from './event/route.ts'
import { authProblems, type AuthSettings } from './http/auth.ts'
import { tlsProblems, type TlsSettings } from './http/tls.ts'
import { deriveId } from './invoker/identity.ts'
import { resolveEntry, type Entry } from './invoker/entry.ts'
import { options, type OptionName, type OptionValues } from './options.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Everything that the program is told from outside, checked once and never read again. */
export interface Config {
  readonly handler: string
  /** absolute path of the function's code */
  readonly root: string
  /** absolute path of the folder with the languages' bootstraps */
  readonly runtimeDir: string
  readonly functionId: string
  readonly options: OptionValues
  /** the variables that the function may see: the user's own */
  readonly environment: Readonly<Record<string, string>>
}

/** The configuration cannot be used; nothing was started. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  /** every problem, one sentence each */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}

/** Flags as they were given: a value, or true for a switch. */
export type Flags = Partial<Record<OptionName, string | true>>

/**
 * Reads the whole configuration.
 * @param handler the first argument; FNBOX_HANDLER takes its place when it is absent
 * @throws ConfigError that names every problem found
 */
export function readConfig(
  handler: string | undefined,
  flags: Flags,
  env: Environment = process.env,
): Config {
  const problems: string[] = []
  const values = readOptions(flags, env, problems)
  const chosenHandler = handler ?? emptyAsAbsent(env['FNBOX_HANDLER'])
  if (chosenHandler === undefined)
    problems.push('HANDLER is required: name the function as file.handler, or set FNBOX_HANDLER')
  if (values === undefined || chosenHandler === undefined) throw new ConfigError(problems)

  const root = resolve(values.root)
  if (!isFolder(root)) problems.push(`--root: ${root} is not a folder`)
  const functionId = values['function-id'] ?? deriveId(basename(root))
  if (!isUsableFunctionId(functionId))
    problems.push(`--function-id: ${functionId} is a reserved path or not a single path segment`)
  problems.push(
    ...entryProblems(resolveEntry(chosenHandler, root, values.runtime), values),
    ...conflicts(values),
    ...authProblems(toAuthSettings(values)),
    ...tlsProblems(toTlsSettings(values)),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  return {
    handler: chosenHandler,
    root,
    runtimeDir,
    functionId,
    options: values,
    environment: ofTheUser(env),
  }
}

/** Who may call, as far as the options say. */
export function toAuthSettings(values: OptionValues): AuthSettings {
  return {
    keys: values['auth-keys'],
    jwks: values['auth-jwks'],
    issuer: values['auth-issuer'],
    audience: values['auth-audience'],
  }
}

/** Which certificate is shown, as far as the options say. */
export function toTlsSettings(values: OptionValues): TlsSettings {
  return { cert: values['tls-cert'], key: values['tls-key'], made: values.tls }
}

function readOptions(flags: Flags, env: Environment, problems: string[]): OptionValues | undefined {
  const values: Record<string, unknown> = {}
  let sound = true
  for (const name of Object.keys(options) as OptionName[]) {
    const { schema, env: variable } = options[name]
    const flag = flags[name]
    const given = flag === true ? 'true' : (flag ?? emptyAsAbsent(env[variable]))
    const parsed = schema.safeParse(given)
    if (parsed.success) values[name] = parsed.data
    else {
      sound = false
      const source = flag === undefined ? variable : `--${name}`
      problems.push(
        `${source}: ${parsed.error.issues[0]?.message ?? 'is not valid'}, not ${JSON.stringify(given)}`,
      )
    }
  }
  return sound ? (values as OptionValues) : undefined // each value has come out of the schema of its own name
}

function entryProblems(entry: Entry, values: OptionValues): readonly string[] {
  if (entry.type === 'invalid') return [`HANDLER: ${entry.problem}`]
  if (entry.type === 'found' && entry.language === 'python' && values.concurrency > 1)
    return ['--concurrency: a Python function runs one invocation at a time; use --instances for more'] // yandex.md S-1
  return []
}

function conflicts(values: OptionValues): readonly string[] {
  const problems: string[] = []
  if (values.token !== undefined && values['token-file'] !== undefined)
    problems.push('--token and --token-file: give at most one')
  if (values['min-instances'] > values.instances)
    problems.push(`--min-instances: ${values['min-instances']} is more than --instances ${values.instances}`)
  if (values['admin-port'] !== 0 && values['admin-port'] === values.port)
    problems.push('--admin-port: must be another port than --port')
  return problems
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

// An empty variable is how compose files and manifests spell "not set".
function emptyAsAbsent(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

// What belongs to the server stays with the server (interface.md §8). The two NODE_ variables describe our own parent's
// channel: a Node.js function that saw them would take a descriptor for an IPC pipe.
function ofTheUser(env: Environment): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name.startsWith('FNBOX_') || ofTheServer.has(name)) continue
    own[name] = value
  }
  return own
}

const ofTheServer = new Set(['PORT', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID'])

// Beside src/ in a checkout, beside dist/ in the image.
const runtimeDir = resolve(fileURLToPath(new URL('../runtime', import.meta.url)))
