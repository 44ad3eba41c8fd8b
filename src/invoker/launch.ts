// Makes instances: everything between the configuration and a started process.

import { randomUUID } from 'node:crypto'
import { Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import type { FunctionIdentity, ScriptStart, TaskEvents } from '../wire/frames.ts'
import type { Exit } from '../exit.ts'
import { readHandler, resolveEntry, type Entry, type EntryKind } from './handler/entrypoint.ts'
import { functionEnvironment, shutdownNotice } from './handler/environment.ts'
import { Instance } from './instance.ts'
import type { CallLimits, CallListener, InstanceListener } from './instanceSpec.ts'
import { languages, type LanguageName } from './handler/languages.ts'
import { Permits } from '../wire/permits.ts'
import { MemoryLimit } from './process/memoryLimit.ts'
import { countKernelKills } from './process/oom.ts'

/** What all instances of a function have in common. */
export interface LaunchSettings {
  readonly handler: string
  readonly root: string
  readonly runtimeDir: string
  readonly runtime?: LanguageName | undefined
  readonly python?: string | undefined
  readonly function: FunctionIdentity
  /** invocations at a time in one instance; undefined: 1, or what a script asks for (jobs.md W-13) */
  readonly concurrency: number | undefined
  /** what follows a script's name on its command line, and where it finds the bundled modules */
  readonly args: readonly string[]
  readonly sdk: ScriptStart['sdk']
  /** which events carry tasks; undefined: none */
  readonly taskEvents?: TaskEvents | undefined
  readonly initTimeoutMs: number
  readonly calls: CallLimits
  /** bytes; undefined: not enforced */
  readonly memoryLimit?: number | undefined
  /** the user's variables */
  readonly environment: Readonly<Record<string, string>>
  /** variables that the user's win over, as they are when an instance starts */
  readonly offered: () => Readonly<Record<string, string>>
  /** opens the way in for what an instance asks of the engine */
  readonly runtimeApi: (instance: string, language: LanguageName) => RuntimeApi
  /** in place of `countKernelKills`, for tests: the kernel is not asked to run out of memory */
  readonly kernelKills?: () => number
}

/** The runtime API of one instance (PROTOCOL.md). */
export interface RuntimeApi {
  /** unique: processes that carry it in their environment belong to the instance */
  readonly address: string
  /** To be called before the instance can ask anything. */
  readonly open: () => void
  /** To be called when the instance has ended. @param exit undefined: it could not be started */
  readonly close: (exit: Exit | undefined) => void
}

/** Starts one more instance. */
export type Launch = (listener: InstanceListener, calls: CallListener) => Instance

/** Makes the function that starts instances, numbered from `i-1`. */
export function launcher(settings: LaunchSettings, events: Events): Launch {
  const watch = new MemoryLimit()
  let count = 0
  return (listener, calls) => {
    const id = `i-${++count}`
    const { root, runtimeDir, concurrency, memoryLimit, environment, taskEvents } = settings
    const { language, script, ...entry } = chooseEntry(settings)
    const { command, defaults } = languages[language]
    const api = settings.runtimeApi(id, language)
    using unstarted = new DisposableStack()
    unstarted.defer(() => api.close(undefined))
    const permits = Permits.create()
    unstarted.defer(() => permits?.close())
    const instance = new Instance(
      {
        id,
        command: command({
          root,
          runtimeDir,
          path: environment['PATH'] ?? '',
          ...(settings.python === undefined ? {} : { python: settings.python }),
          ...(memoryLimit === undefined ? {} : { memory: memoryLimit }),
        }),
        env: functionEnvironment({
          ...settings,
          concurrency: concurrency ?? 1,
          defaults: { ...defaults, ...settings.offered() },
          user: environment,
          runtimeApi: api.address,
        }),
        mark: `FNBOX_RUNTIME_API=${api.address}`,
        beforeLoad: api.open,
        load: {
          root,
          ...entry,
          function: settings.function,
          concurrency: concurrency ?? 1,
          ...(taskEvents === undefined ? {} : { taskEvents }),
          ...(permits === undefined || (concurrency ?? 1) > 1 ? {} : { border: newBorder() }),
          ...(script ? { script: { args: settings.args, sdk: settings.sdk, instance: id } } : {}),
        },
        ...(concurrency === undefined ? {} : { mostSlots: concurrency }),
        initTimeoutMs: settings.initTimeoutMs,
        calls: settings.calls,
        permits,
        notice: shutdownNotice(environment),
        kernelKills: settings.kernelKills ?? (() => countKernelKills()),
        ...(memoryLimit === undefined ? {} : { memory: { limit: memoryLimit, watch } }),
      },
      events,
      listener,
      calls,
    )
    unstarted.move()
    void instance.ended.then(api.close)
    return instance
  }
}

interface ChosenEntry extends EntryKind {
  readonly language: LanguageName
  readonly module: string
  readonly name: string
  readonly file?: string
}

// Looked up for every instance: a file that was missing may have come. Without a file the language itself says what is
// wrong, if there is a language.
function chooseEntry({ handler, root, runtime }: LaunchSettings): ChosenEntry {
  const entry = resolveEntry(handler, root, runtime)
  switch (entry.type) {
    case 'found': {
      const { language, module, name, file, script } = entry
      return { language, module, name, file, script }
    }
    case 'missing': {
      const named = entry.language === undefined ? undefined : readHandler(handler, entry.language)
      if (entry.language === undefined || named === undefined) throw notFound(handler, root, entry)
      return { language: entry.language, ...named, script: false }
    }
    case 'invalid':
      throw new Fault('load_failed', entry.problem, { errorType: 'HandlerNotFound' })
    default:
      return entry satisfies never
  }
}

function notFound(handler: string, root: string, entry: Extract<Entry, { type: 'missing' }>): Fault {
  const tried = entry.tried.slice(0, 8).join(', ')
  const message = `Can't find handler function ${handler} in ${root}: there is none of the files ${tried}, …`
  return new Fault('load_failed', message, { errorType: 'HandlerNotFound' })
}

// No program writes it by chance. With several calls at a time a line belongs to none of them, and there is none.
function newBorder(): string {
  return `\u001e${randomUUID()}\u001e`
}
