// The configuration: flags, then environment variables, then defaults (interface.md §3). The only reader of process.env.

import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isUsableFunctionId } from './event/route.ts'
import type { AsyncTerms } from './http/asyncEndpoint.ts'
import { authProblems, type AuthSettings } from './http/auth/auth.ts'
import type { JobSettings } from './http/jobs/handlers.ts'
import { tlsProblems, type TlsSettings } from './http/tls.ts'
import { deriveId } from './invoker/handler/functionId.ts'
import { resolveEntry, type Entry } from './invoker/handler/entrypoint.ts'
import { allowProblems } from './jobs/delivery/ssrfGuard.ts'
import { sqsProblems, toSqsSettings, type SqsSettings } from './jobs/delivery/sqsSettings.ts'
import { tokenProblems } from './invoker/token/renewal.ts'
import { options, type OptionName, type OptionValues } from './options.ts'

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The configuration of the program, read and checked once. */
export interface Config {
  readonly handler: string
  /** absolute path of the function's code */
  readonly root: string
  /** absolute path of the folder with the languages' bootstraps */
  readonly runtimeDir: string
  readonly functionId: string
  readonly options: OptionValues
  /** the options that were set; the others have their default */
  readonly chosen: ReadonlySet<OptionName>
  /** what follows the name of a script on its command line */
  readonly args: readonly string[]
  /** whether the handler is a script, which takes jobs and nothing else */
  readonly isScript: boolean
  /** the entry file when the configuration was read; each instance looks it up again */
  readonly entry: Entry
  /** the receivers of the outcomes of asynchronous invocations */
  readonly targets: SqsSettings
  /** the variables that the function may see: the user's own */
  readonly environment: Readonly<Record<string, string>>
}

/** Flags as they were given: a value, or true for a switch. */
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
    functionId,
    options: { ...values, python: toInterpreter(values.python) },
    chosen,
    args,
    isScript: entry.type === 'found' && entry.script,
    entry,
    targets,
    environment: ofTheUser(env),
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

/** The timeout of an attempt in milliseconds, unless the job has its own (jobs.md §3). */
export function jobTimeoutMs(config: Pick<Config, 'options' | 'chosen'>): number {
  return config.chosen.has('timeout') ? config.options.timeout : defaultJobTimeoutMs
}

/** The options of the jobs API (jobs.md §9). */
export function toJobSettings(config: Pick<Config, 'options' | 'chosen' | 'isScript'>): JobSettings {
  const { isScript } = config
  const values = config.options
  return {
    limit: values['job-limit'],
    syncLimit: values['job-sync-limit'],
    executionTimeoutMs: jobTimeoutMs(config),
    ttlMs: values['job-ttl'],
    retentionMs: values['job-retention'],
    syncRetentionMs: values['job-sync-retention'],
    streamHoldMs: values['stream-hold'],
    cancelledAs: values['stream-cancelled-as'],
    endpointId: values['endpoint-id'],
    isScript,
  }
}

/** Absolute path of the folder with the database of jobs. */
export function dataDir(config: Pick<Config, 'options' | 'root'>): string {
  const chosen = config.options['data-dir']
  return chosen === undefined ? join(config.root, '.fnbox') : resolve(chosen)
}

/** The terms of asynchronous invocations, whose results are kept as long as those of `/run` (jobs.md FN-5). */
export function toAsyncTerms({ options: values, targets }: Pick<Config, 'options' | 'targets'>): AsyncTerms {
  return {
    executionTimeoutMs: values.timeout,
    ttlMs: values['job-ttl'],
    retentionMs: values['job-retention'],
    notify: (targets.success ?? targets.failure) !== undefined,
  }
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
  for (const name of Object.keys(options) as OptionName[]) {
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
  return { values: values as OptionValues, broken, chosen, problems } // each value has come out of the schema of its own name
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

// Compose files and manifests write "not set" as an empty variable.
function emptyAsAbsent(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

// Without the server's own variables (interface.md §8). The NODE_ variables describe the IPC channel to our own parent: a
// Node.js function that saw them would use some descriptor as that channel.
function ofTheUser(env: Environment): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || name.startsWith('FNBOX_') || ofTheServer.has(name)) continue
    own[name] = value
  }
  return own
}

const defaultJobTimeoutMs = 600_000

const ofTheServer = new Set(['PORT', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID'])

// Beside src/ and dist/; in the image, where one folder is all of fnbox (yandex.md E-2), around dist/.
const neighbour = resolve(fileURLToPath(new URL('../runtime', import.meta.url)))
const runtimeDir = existsSync(neighbour) ? neighbour : dirname(neighbour)
