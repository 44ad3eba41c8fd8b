// The configuration: flags, then environment variables, then defaults (interface.md §3). The only reader of process.env.

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isUsableFunctionId } from './event/route.ts'
import { authProblems, type AuthSettings } from './http/auth/auth.ts'
import { tlsProblems, type TlsSettings } from './http/tls.ts'
import { resolveEntry, type Entry } from './invoker/handler/entrypoint.ts'
import { containerMemory } from './invoker/process/oom.ts'
import { allowProblems } from './jobs/delivery/ssrfGuard.ts'
import { sqsProblems, toSqsSettings, type SqsSettings } from './jobs/delivery/sqsSettings.ts'
import { tokenProblems } from './invoker/token/source.ts'
import { optionNames, options, type OptionName, type OptionValues } from './options.ts'
import type { FunctionIdentity } from './wire/frames.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The configuration of the program, read and checked once. */
export interface Config {
  readonly handler: string
  /** absolute path of the function's code */
  readonly root: string
  /** absolute path of the folder with the languages' bootstraps */
  readonly runtimeDir: string
  readonly function: FunctionIdentity
  readonly options: OptionValues
  /** the options that were set; the others have their default */
  readonly chosen: ReadonlySet<OptionName>
  /** what follows the name of a script on its command line */
  readonly args: readonly string[]
  /** whether the handler is a script, which runs jobs only */
  readonly isScript: boolean
  /** the entry file when the configuration was read; each instance looks it up again */
  readonly entry: Entry
  /** receivers of the outcomes of asynchronous invocations */
  readonly targets: SqsSettings
  /** the variables that the function may see */
  readonly environment: Readonly<Record<string, string>>
}

/** Flags of the command line: a value, or true for a switch. */
export type Flags = Partial<Record<OptionName, string | true>>

/** A configuration with its problems: it may be used when there are none. */
export interface CheckedConfig {
  /** one sentence each */
  readonly problems: readonly string[]
  /** undefined when none was named */
  readonly handler: string | undefined
  /** with defaults for broken options; undefined when the function cannot be looked up */
  readonly config: Config | undefined
}

/**
 * Reads the configuration and collects its problems. Never throws.
 * @param handler the first argument; FNBOX_HANDLER takes its place when it is absent
 * @param args what follows it, for a script
 */
export function checkConfig(
  handler: string | undefined,
  flags: Flags,
  args: readonly string[],
  env: Environment = process.env,
): CheckedConfig {
  const { values, broken, chosen, problems } = readOptions(flags, env)
  const chosenHandler = handler ?? emptyAsAbsent(env['FNBOX_HANDLER'])
  const root = resolve(values.root)
  const hasRoot = !broken.has('root') && isFolder(root)
  if (!hasRoot && !broken.has('root')) problems.push(`--root: ${root} is not a folder`)
  const functionId = values['function-id'] ?? deriveId(basename(root))
  if (!isUsableFunctionId(functionId))
    problems.push(`--function-id: ${functionId} is a reserved path or not a single path segment`)
  const targets = toSqsSettings(
    { success: values['async-success-target'], failure: values['async-failure-target'] },
    env,
  )
  problems.push(
    ...conflicts(values, broken),
    ...allowProblems(values['webhook-allow']),
    ...sqsProblems(targets),
    ...authProblems(toAuthSettings(values)),
    ...tlsProblems(toTlsSettings(values)),
  )
  if (chosenHandler === undefined) {
    problems.push('HANDLER is required: name the function as file.handler, or set FNBOX_HANDLER')
    return { problems, handler: undefined, config: undefined }
  }
  const entry = resolveEntry(chosenHandler, root, values.runtime)
  problems.push(...entryProblems(entry, values))
  const config = {
    handler: chosenHandler,
    root,
    runtimeDir,
    function: toIdentity(functionId, chosenHandler, entry, values),
    options: { ...values, python: toInterpreter(values.python) },
    chosen,
    args,
    isScript: entry.type === 'found' && entry.script,
    entry,
    targets,
    environment: userVariables(env),
  }
  const usable = hasRoot && entry.type !== 'invalid'
  return { problems, handler: chosenHandler, config: usable ? config : undefined }
}

/** The options about access. */
export function toAuthSettings(values: OptionValues): AuthSettings {
  return {
    keys: values['auth-keys'],
    jwks: values['auth-jwks'],
    issuer: values['auth-issuer'],
    audience: values['auth-audience'],
  }
}

/** The options about HTTPS. */
export function toTlsSettings(values: OptionValues): TlsSettings {
  return { cert: values['tls-cert'], key: values['tls-key'], made: values.tls }
}

function toIdentity(id: string, handler: string, entry: Entry, values: OptionValues): FunctionIdentity {
  const folderId = values['folder-id']
  return {
    id,
    version: values['function-version'] ?? deriveVersion(entry, handler),
    ...(folderId === undefined ? {} : { folderId }),
    logGroup: values['log-group'],
    memoryMb: Math.ceil((values.memory ?? containerMemory() ?? defaultMemory) / 1024 ** 2),
  }
}

// Another entry file is another version.
function deriveVersion(entry: Entry, handler: string): string {
  try {
    return deriveId(entry.type === 'found' ? readFileSync(entry.file) : handler)
  } catch {
    return deriveId(handler) // loading the file reports what is wrong with it
  }
}

// In the form of the cloud: `d4e` and 17 more characters (interface.md §3).
function deriveId(seed: string | Buffer): string {
  const digest = createHash('sha256').update(seed).digest().subarray(0, 17)
  return `d4e${Array.from(digest, (byte) => alphabet[byte % alphabet.length]).join('')}`
}

// A path is relative to the working directory; a bare name is searched for.
function toInterpreter(python: string | undefined): string | undefined {
  return python?.includes('/') === true ? resolve(python) : python
}

interface ReadOptions {
  readonly values: OptionValues
  /** the options whose value is invalid: they have their default */
  readonly broken: ReadonlySet<OptionName>
  readonly chosen: ReadonlySet<OptionName>
  /** one sentence for each of them; the caller may add others */
  readonly problems: string[]
}

/** Reads each option: flags win over variables, which win over defaults. Never throws. */
export function readOptions(flags: Flags, env: Environment = process.env): ReadOptions {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  const broken = new Set<OptionName>()
  const chosen = new Set<OptionName>()
  for (const name of optionNames) {
    const { schema, env: variable } = options[name]
    const flag = flags[name]
    const given = flag === true ? 'true' : (flag ?? emptyAsAbsent(env[variable]))
    if (given !== undefined) chosen.add(name)
    const parsed = schema.safeParse(given)
    if (parsed.success) values[name] = parsed.data
    else {
      broken.add(name)
      values[name] = schema.parse(undefined) // every option has a default or may be absent
      const source = flag === undefined ? variable : `--${name}`
      problems.push(
        `${source}: ${parsed.error.issues[0]?.message ?? 'is not valid'}, not ${JSON.stringify(given)}`,
      )
    }
  }
  return { values: values as OptionValues, broken, chosen, problems } // each value comes from the schema of its name
}

function entryProblems(entry: Entry, values: OptionValues): readonly string[] {
  if (entry.type === 'invalid') return [`HANDLER: ${entry.problem}`]
  if (entry.type === 'found' && entry.language === 'python' && !entry.script && values.concurrency > 1)
    return ['--concurrency: a Python function runs one invocation at a time; use --instances for more'] // yandex.md S-1
  return []
}

// A broken option conflicts with nothing.
function conflicts(values: OptionValues, broken: ReadonlySet<OptionName>): readonly string[] {
  const problems = [...tokenProblems(values)]
  if (!broken.has('instances') && values['min-instances'] > values.instances)
    problems.push(`--min-instances: ${values['min-instances']} is more than --instances ${values.instances}`)
  if (values['admin-port'] !== 0 && values['admin-port'] === values.port)
    problems.push('--admin-port: must be another port than --port')
  return problems
}

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

// In Compose files and manifests a variable that is not set is empty.
function emptyAsAbsent(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

// Without the server's variables (interface.md §8). The NODE_ variables describe the IPC channel to the server's parent: a
// Node.js function would use some descriptor as that channel.
function userVariables(env: Environment): Record<string, string> {
  const variables: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !name.startsWith('FNBOX_') && !serverVariables.has(name))
      variables[name] = value
  return variables
}

const alphabet = 'abcdefghijklmnopqrstuv0123456789'

// What the context says when there is no limit (yandex.md L-4).
const defaultMemory = 128 * 1024 ** 2

const serverVariables = new Set([
  'PORT',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
])

// Beside src/ and dist/; in the image, where one folder is all of fnbox (yandex.md E-2), around dist/.
const neighbour = resolve(fileURLToPath(new URL('../runtime', import.meta.url)))
const runtimeDir = existsSync(neighbour) ? neighbour : dirname(neighbour)
