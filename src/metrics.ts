// Prometheus metrics, made from events and from what the invoker says of itself at a scrape. Owns the counters, and the events that
// came before prom-client was loaded. docs/metrics.md lists every name; a test compares the two.

import type * as promClient from 'prom-client'
import type { EndCause } from './exit.ts'
import type { FaultCode } from './errors.ts'
import type { Events } from './events.ts'
import type { Exposition } from './http/metrics.ts'
import type { Outcome } from './invocation.ts'
import type { InstanceState } from './invoker/instanceState.ts'

/** What is read at a scrape. */
export interface Gauges {
  /** invocations that wait for an instance */
  readonly waiting: () => number
  /** invocations that wait or run */
  readonly inFlight: () => number
  /** instances in each state */
  readonly instances: () => Readonly<Record<InstanceState, number>>
  /** bytes of the processes of the largest instance */
  readonly largestMemory: () => Promise<number>
}

/**
 * Counts events from its construction on. prom-client is loaded for the first scrape, or when many events have come: a
 * function that has just started has no use for it.
 */
export class Metrics implements Exposition {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8' // prom-client's
  readonly #gauges: Gauges
  #early: ((counters: Counters) => void)[] = []
  #counters: Counters | undefined
  #loading: Promise<Counters> | undefined

  constructor(events: Events, gauges: Gauges) {
    this.#gauges = gauges
    events.on('invocation-ended', ({ outcome, timing, instance }) => {
      const label = outcomeLabel(outcome) // not the outcome, whose result may be large
      const executedMs = instance === undefined ? undefined : timing.executedMs
      this.#count((counters) => counters.invocationEnded(label, timing.queuedMs, executedMs))
    })
    events.on('request-refused', ({ fault }) =>
      this.#count((counters) => counters.requestRefused(fault.code)),
    )
    events.on('instance-loaded', ({ loadMs }) => this.#count((counters) => counters.instanceLoaded(loadMs)))
    events.on('instance-gone', ({ cause, code }) => {
      const reason = restartReason(cause, code)
      if (reason !== undefined) this.#count((counters) => counters.instanceRestarted(reason))
    })
  }

  async read(): Promise<string> {
    return (await this.#load()).read()
  }

  #count(change: (counters: Counters) => void): void {
    if (this.#counters !== undefined) return change(this.#counters)
    if (this.#early.length < mostEarly) this.#early.push(change)
    if (this.#early.length >= manyEvents) this.#load().catch(() => {}) // a scrape reports it
  }

  #load(): Promise<Counters> {
    this.#loading ??= import('prom-client').then(
      (library) => {
        const counters = createCounters(library, this.#gauges)
        for (const change of this.#early) change(counters)
        this.#early = []
        return (this.#counters = counters)
      },
      (error: unknown) => {
        this.#loading = undefined // there may be no descriptor left to read a file with: the next one tries again
        throw error
      },
    )
    return this.#loading
  }
}

interface Counters {
  /** @param executedMs undefined: it never had an instance */
  readonly invocationEnded: (outcome: string, queuedMs: number, executedMs: number | undefined) => void
  readonly requestRefused: (code: FaultCode) => void
  readonly instanceLoaded: (loadMs: number) => void
  readonly instanceRestarted: (reason: string) => void
  readonly read: () => Promise<string>
}

type PromClient = typeof promClient
type Registry = promClient.Registry

function createCounters(library: PromClient, gauges: Gauges): Counters {
  const registry = new library.Registry()
  library.collectDefaultMetrics({ register: registry, prefix })
  countEarlierTime(library, registry)
  const counters = { ...countInvocations(library, registry), ...countInstances(library, registry) }
  readGauges(library, gauges, registry)
  return { ...counters, read: () => registry.metrics() }
}

// prom-client counts the processor's time from now on, and the process is older.
function countEarlierTime({ Counter }: PromClient, registry: Registry): void {
  const { user, system } = process.cpuUsage()
  const micros = { user_seconds: user, system_seconds: system, seconds: user + system }
  for (const [name, time] of Object.entries(micros)) {
    const counter = registry.getSingleMetric(`${prefix}process_cpu_${name}_total`)
    if (counter instanceof Counter) counter.inc(time / 1e6)
  }
}

function countInvocations({ Counter, Histogram }: PromClient, registry: Registry) {
  const registers = [registry]
  const ended = new Counter({
    registers,
    name: `${prefix}invocations_total`,
    help: 'Invocations that ended, by outcome: returned, streamed, threw or the code of a fault',
    labelNames: ['outcome'],
  })
  const executed = new Histogram({
    registers,
    name: `${prefix}invocation_duration_seconds`,
    help: 'Time from the lease of an instance to the end of the invocation',
    buckets: durations,
  })
  const queued = new Histogram({
    registers,
    name: `${prefix}queue_wait_seconds`,
    help: 'Time that invocations waited for an instance, whether they got one or not',
    buckets: durations,
  })
  const refused = new Counter({
    registers,
    name: `${prefix}requests_refused_total`,
    help: 'Requests that were refused with a fault: not fit to be run, or their result made no reply',
    labelNames: ['fault'],
  })
  return {
    invocationEnded: (outcome: string, queuedMs: number, executedMs: number | undefined) => {
      ended.inc({ outcome })
      queued.observe(queuedMs / 1000)
      if (executedMs !== undefined) executed.observe(executedMs / 1000)
    },
    requestRefused: (fault: FaultCode) => refused.inc({ fault }),
  }
}

function countInstances({ Counter, Histogram }: PromClient, registry: Registry) {
  const registers = [registry]
  const started = new Counter({
    registers,
    name: `${prefix}cold_starts_total`,
    help: 'Instances that were started and loaded',
  })
  const loaded = new Histogram({
    registers,
    name: `${prefix}init_duration_seconds`,
    help: 'Time from the start of an instance until the function was loaded',
    buckets: durations,
  })
  const restarts = new Counter({
    registers,
    name: `${prefix}instance_restarts_total`,
    help: 'Instances that ended although they were wanted, by reason: exit, memory, deadline, load_failed, stopped_job or channel',
    labelNames: ['reason'],
  })
  return {
    instanceLoaded: (loadMs: number) => {
      started.inc()
      loaded.observe(loadMs / 1000)
    },
    instanceRestarted: (reason: string) => restarts.inc({ reason }),
  }
}

function readGauges({ Gauge }: PromClient, gauges: Gauges, registry: Registry): void {
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    registry.registerMetric(
      new Gauge({
        registers: [],
        name: prefix + name,
        help,
        async collect() {
          this.set(await read())
        },
      }),
    )
  }
  gauge('invocations_in_flight', 'Invocations that wait or run', gauges.inFlight)
  gauge('queue_depth', 'Invocations that wait for an instance', gauges.waiting)
  gauge(
    'instance_memory_bytes',
    'Memory of the largest instance, all its processes together',
    gauges.largestMemory,
  )
  registry.registerMetric(
    new Gauge({
      registers: [],
      name: `${prefix}instances`,
      help: 'Instances by state: loading, idle, busy, retiring, stopping or gone',
      labelNames: ['state'],
      collect() {
        for (const [state, count] of Object.entries(gauges.instances())) this.set({ state }, count)
      },
    }),
  )
}

function outcomeLabel(outcome: Outcome): string {
  return outcome.type === 'failed' ? outcome.fault.code : outcome.type
}

// An instance that we have stopped, also for idleness, does not count as restarted.
function restartReason(cause: EndCause | undefined, code: FaultCode): string | undefined {
  switch (cause?.type) {
    case 'stopped':
      return undefined
    case 'expired':
      return 'deadline'
    case 'load-failed':
      return 'load_failed'
    case 'memory':
      return 'memory'
    case 'unstoppable':
      return 'stopped_job'
    case 'channel':
    case undefined:
      if (code === 'out_of_memory') return 'memory'
      return cause === undefined ? 'exit' : 'channel'
    default:
      return cause satisfies never
  }
}

const prefix = 'fnbox_'

// Seconds: from what a trivial function takes to what --timeout may allow.
const durations = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]

// So many events load prom-client; while it cannot be loaded, so many are kept.
const manyEvents = 256
const mostEarly = 100_000
