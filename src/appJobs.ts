// The parts that jobs need, made from the configuration: the store, the engine, the receivers of completion messages.

import type { Config } from './config.ts'
import type { Events } from './events.ts'
import type { ServerParts } from './http/server.ts'
import type { Invoker } from './invoker/invoker.ts'
import { SsrfGuard } from './jobs/delivery/ssrfGuard.ts'
import { JobEngine, type EngineSettings, type InstanceReport } from './jobs/engine.ts'
import type { Receiver } from './jobs/delivery/receiver.ts'
import { webhookReceiver } from './jobs/delivery/webhook.ts'
import type { JobWithInput } from './jobs/model/job.ts'
import { jobKind } from './jobs/kinds/jobKind.ts'
import { holdsJobs, memoryStore, sqliteStore } from './jobs/store/sqlite/store.ts'
import { SqsTargets } from './jobs/delivery/sqs.ts'
import { taskKind } from './jobs/kinds/taskKind.ts'
import { dataDir, toAsyncTerms, toJobSettings } from './settings.ts'
import { TaskService, type TaskSettings } from './jobs/taskService.ts'
import type { OptionValues } from './options.ts'

/** Jobs and tasks. */
export class AppJobs {
  /** the parts that the server needs */
  readonly served: Required<Pick<ServerParts, 'jobs' | 'async' | 'tasks'>>
  readonly #engine: JobEngine
  readonly #targets: SqsTargets
  readonly #events: Events
  readonly #isKept: boolean
  readonly #hasJobs: boolean
  #again: NodeJS.Timeout | undefined
  #hasFailed = false
  /** tasks that instances dispatch */
  readonly tasks: TaskService

  constructor(config: Config, invoker: Invoker, instances: () => InstanceReport, events: Events) {
    const { options, isScript, targets } = config
    const folder = dataDir(config)
    const isKept = options['job-store'] === 'sqlite'
    this.#events = events
    this.#isKept = isKept
    this.#hasJobs = isKept && holdsJobs(folder)
    this.#targets = new SqsTargets(targets)
    const guard = new SsrfGuard(options['webhook-allow'])
    const receiverOf = (job: JobWithInput): Receiver | undefined => {
      if (job.origin === 'async') return this.#targets.receiverOf(job)
      return job.webhook === undefined ? undefined : webhookReceiver(job.webhook, guard)
    }
    const store = isKept ? sqliteStore(folder) : memoryStore()
    this.#engine = new JobEngine(store, invoker, toEngineSettings(config), { instances, receiverOf }, events)
    this.tasks = new TaskService(this.#engine, toTaskSettings(config))
    this.served = {
      jobs: { service: this.#engine, settings: toJobSettings(config) },
      async: isScript ? undefined : toAsyncTerms(config),
      tasks: this.tasks,
    }
  }

  /** Resumes stored jobs. Without any, the first job opens the store. */
  async start(): Promise<void> {
    if (!this.#isKept) this.#events.emit('jobs-not-kept')
    if (this.#hasJobs) await this.#resume()
  }

  // Stored jobs run without a request, which may never come.
  async #resume(): Promise<void> {
    try {
      await this.#engine.start()
      if (this.#hasFailed) this.#events.emit('recovered', { what: 'jobs from before go on' })
    } catch (cause) {
      if (this.#engine.draining.aborted) return
      if (!this.#hasFailed)
        this.#events.emit('failure', { what: 'jobs from before wait: their store cannot be opened', cause })
      this.#hasFailed = true
      this.#again = setTimeout(() => void this.#resume(), pauseMs)
    }
  }

  /** Accepts no more jobs, and answers waiting requests. */
  drain(): void {
    clearTimeout(this.#again)
    this.#engine.drain()
  }

  /** Puts unfinished jobs back into the queue, after the invoker has stopped. May be called twice, or before `start`. */
  async stop(): Promise<void> {
    await this.#engine.stop()
    await this.#targets.stop()
  }
}

function toEngineSettings({ options, entry, isScript, environment }: Config): EngineSettings {
  const slots = options.instances * options.concurrency
  const ofTasks = taskKind(options['task-result-limit'])
  const ofJobs = jobKind({
    resultLimit: ({ origin }) => options[origin === 'sync' ? 'job-sync-limit' : 'job-limit'],
    reschedule: options.reschedule,
    asyncRetries: options['async-retries'],
    isScript,
    language: entry.type === 'found' ? entry.language : undefined,
    environment,
  })
  return {
    ahead: Math.min(slots, mostAhead),
    queueLimit: options['job-queue'],
    attempts: options['job-attempts'],
    tasksKept: options['task-keep'],
    streamLimit: options['job-stream-limit'],
    tasksAtOnce: tasksAtOnce(options),
    kindOf: (origin) => (origin === 'task' ? ofTasks : ofJobs),
  }
}

// One for each instance that may run tasks, since two could meet on one instance; where all instances may, one for each slot.
function tasksAtOnce({ instances, concurrency, 'task-instances': most }: OptionValues): number {
  const chosen = most ?? Math.max(1, instances - 1)
  return chosen >= instances ? instances * concurrency : chosen
}

function toTaskSettings({ options }: Config): TaskSettings {
  return {
    attempts: { lambda: options['task-attempts'], sns: options['task-sns-attempts'] },
    backoffMs: options['task-backoff'],
    timeoutMs: options['task-timeout'],
    retentionMs: options['task-retention'],
    queueLimit: options['task-queue'],
  }
}

// Reserved jobs run as soon as an instance is free. More would keep them from other servers with the same store.
const mostAhead = 16

// Pause before a store that could not be opened is opened again.
const pauseMs = 2000
