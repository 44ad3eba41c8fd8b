// Prometheus metrics, made from events and, at a scrape, from the invoker and the pool. Owns the counts. docs/metrics.md lists every
// name; a test compares the two.

import type * as promClient from 'prom-client'
import type { EndCause } from './exit.ts'
import type { FaultCode } from './errors.ts'
import type { Events } from './events.ts'
import type { Exposition } from './http/probes.ts'
import type { Invoker } from './invoker/invoker.ts'
import type { Pool } from './invoker/pool.ts'

/**
 * Counts events from its construction on, in numbers of its own: that takes a tenth of prom-client's time for each call.
 * prom-client is loaded for the first scrape.
 */
export class Metrics implements Exposition {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8' // prom-client's
  readonly #invoker: Invoker
  readonly #pool: Pool
  readonly #ended = new Map<string, number>()
  readonly #refused = new Map<string, number>()
  readonly #restarted = new Map<string, number>()
  readonly #executed = new Durations()
  readonly #queued = new Durations()
  readonly #loaded = new Durations()
  #registry: Promise<Registry> | undefined

  /** `invoker` and `pool` are asked at each scrape. */
  constructor(events: Events, invoker: Invoker, pool: Pool) {
    this.#invoker = invoker
    this.#pool = pool
    events.on('invocation-ended', ({ outcome, timing, instance }) => {
      countOne(this.#ended, outcome.type === 'failed' ? outcome.fault.code : outcome.type)
      this.#queued.add(timing.queuedMs)
      if (instance !== undefined) this.#executed.add(timing.executedMs)
    })
    events.on('request-refused', ({ fault }) => countOne(this.#refused, fault.code))
    events.on('instance-loaded', ({ loadMs }) => this.#loaded.add(loadMs))
    events.on('instance-gone', ({ cause, code }) => {
      const reason = restartReason(cause, code)
      if (reason !== undefined) countOne(this.#restarted, reason)
    })
  }

  async read(): Promise<string> {
    this.#registry ??= import('prom-client').then(
      (library) => this.#register(library),
      (error: unknown) => {
        this.#registry = undefined // there may be no descriptor left to read a file with: the next scrape tries again
        throw error
      },
    )
    return (await this.#registry).metrics()
  }

  #register(library: typeof promClient): Registry {
    const registry = new library.Registry()
    library.collectDefaultMetrics({ register: registry, prefix })
    countEarlierTime(library, registry)
    for (const { name: shortName, type, help, read } of this.#rows()) {
      const name = prefix + shortName
      const get = async (): Promise<object> => ({ name, help, type, values: await read(name) })
      registry.registerMetric({ name, get } as unknown as promClient.Metric) // what the registry asks of a metric
    }
    return registry
  }

  // prettier-ignore
  #rows(): readonly Row[] {
    return [
      { name: 'invocations_total', type: 'counter', help: 'Invocations that ended, by outcome: returned, streamed, threw or the code of a fault',
        read: () => labelled('outcome', this.#ended) },
      { name: 'invocation_duration_seconds', type: 'histogram', help: 'Time from the start of the invocation on an instance to its end',
        read: (name) => this.#executed.values(name) },
      { name: 'queue_wait_seconds', type: 'histogram', help: 'Time that invocations waited for an instance, whether they got one or not',
        read: (name) => this.#queued.values(name) },
      { name: 'requests_refused_total', type: 'counter', help: 'Requests answered with a fault before the function ran, or because its result made no answer',
        read: () => labelled('fault', this.#refused) },
      { name: 'cold_starts_total', type: 'counter', help: 'Instances that were started and loaded',
        read: () => one(this.#loaded.count) },
      { name: 'init_duration_seconds', type: 'histogram', help: 'Time from the start of an instance until the function was loaded',
        read: (name) => this.#loaded.values(name) },
      { name: 'instance_restarts_total', type: 'counter', help: 'Instances that ended although they were wanted, by reason: exit, memory, deadline, load_failed, stopped_job or channel',
        read: () => labelled('reason', this.#restarted) },
      { name: 'invocations_in_flight', type: 'gauge', help: 'Invocations that wait or run',
        read: () => one(this.#invoker.inFlight) },
      { name: 'queue_depth', type: 'gauge', help: 'Invocations that wait for an instance',
        read: () => one(this.#invoker.waiting) },
      { name: 'instance_memory_bytes', type: 'gauge', help: 'Memory of the largest instance, all its processes together',
        read: async () => one(await this.#pool.largestMemory()) },
      { name: 'instances', type: 'gauge', help: 'Instances by state: loading, idle, busy, retiring, stopping or gone',
        read: () => labelled('state', Object.entries(this.#pool.countByState)) },
    ]
  }
}

type Registry = promClient.Registry

interface Row {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** @param name with its prefix */
  readonly read: (name: string) => readonly Value[] | Promise<readonly Value[]>
}

interface Value {
  /** absent: that of the row */
  readonly metricName?: string
  readonly labels?: Readonly<Record<string, string | number>>
  readonly value: number
}

function countOne(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1)
}

function one(value: number): readonly Value[] {
  return [{ value }]
}

function labelled(label: string, counts: Iterable<readonly [string, number]>): readonly Value[] {
  return Array.from(counts, ([each, value]) => ({ labels: { [label]: each }, value }))
}

// A histogram of durations.
class Durations {
  count = 0
  #sum = 0
  readonly #buckets = new Float64Array(limits.length)

  add(ms: number): void {
    const seconds = ms / 1000
    this.count++
    this.#sum += seconds
    let at = 0
    while (at < limits.length && seconds > (limits[at] ?? 0)) at++
    if (at < limits.length) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1
  }

  values(name: string): readonly Value[] {
    let sum = 0
    const buckets = limits.map((le, at) => {
      sum += this.#buckets[at] ?? 0
      return { metricName: `${name}_bucket`, labels: { le }, value: sum }
    })
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: this.count },
      { metricName: `${name}_sum`, value: this.#sum },
      { metricName: `${name}_count`, value: this.count },
    ]
  }
}

// prom-client counts the processor's time from now on, and the process is older.
function countEarlierTime({ Counter }: typeof promClient, registry: Registry): void {
  const { user, system } = process.cpuUsage()
  const micros = { user_seconds: user, system_seconds: system, seconds: user + system }
  for (const [name, time] of Object.entries(micros)) {
    const counter = registry.getSingleMetric(`${prefix}process_cpu_${name}_total`)
    if (counter instanceof Counter) counter.inc(time / 1e6)
  }
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
const limits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]
