// Prometheus metrics, made from events and from what the invoker says of itself at a scrape. Owns the counts. docs/metrics.md
// lists every name; a test compares the two.

import type * as promClient from 'prom-client'
import type { EndCause } from './exit.ts'
import type { FaultCode } from './errors.ts'
import type { Events } from './events.ts'
import type { Exposition } from './http/probes.ts'
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
 * Counts events from its construction on, in numbers of its own: that takes a tenth of prom-client's time for each call.
 * prom-client is loaded for the first scrape.
 */
export class Metrics implements Exposition {
  readonly contentType = 'text/plain; version=0.0.4; charset=utf-8' // prom-client's
  readonly #gauges: Gauges
  readonly #ended = new Map<string, number>()
  readonly #refused = new Map<string, number>()
  readonly #restarted = new Map<string, number>()
  readonly #executed = new Durations()
  readonly #queued = new Durations()
  readonly #loaded = new Durations()
  #registry: Promise<Registry> | undefined

  constructor(events: Events, gauges: Gauges) {
    this.#gauges = gauges
    events.on('invocation-ended', ({ outcome, timing, instance }) => {
      countOne(this.#ended, outcomeLabel(outcome))
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

  #register(library: PromClient): Registry {
    const registry = new library.Registry()
    library.collectDefaultMetrics({ register: registry, prefix })
    countEarlierTime(library, registry)
    const { Counter } = library
    const counter = (
      name: string,
      help: string,
      label: string,
      counts: ReadonlyMap<string, number>,
    ): void => {
      const metric = new Counter({
        registers: [registry],
        name: prefix + name,
        help,
        labelNames: [label],
        collect() {
          this.reset()
          for (const [value, number] of counts) this.inc({ [label]: value }, number)
        },
      })
      metric.reset()
    }
    counter(
      'invocations_total',
      'Invocations that ended, by outcome: returned, streamed, threw or the code of a fault',
      'outcome',
      this.#ended,
    )
    this.#executed.register(
      registry,
      'invocation_duration_seconds',
      'Time from the start of the invocation on an instance to its end',
    )
    this.#queued.register(
      registry,
      'queue_wait_seconds',
      'Time that invocations waited for an instance, whether they got one or not',
    )
    counter(
      'requests_refused_total',
      'Requests answered with a fault before the function ran, or because its result made no answer',
      'fault',
      this.#refused,
    )
    const loaded = this.#loaded
    new Counter({
      registers: [registry],
      name: `${prefix}cold_starts_total`,
      help: 'Instances that were started and loaded',
      collect() {
        this.reset()
        this.inc(loaded.count)
      },
    }).reset()
    loaded.register(
      registry,
      'init_duration_seconds',
      'Time from the start of an instance until the function was loaded',
    )
    counter(
      'instance_restarts_total',
      'Instances that ended although they were wanted, by reason: exit, memory, deadline, load_failed, stopped_job or channel',
      'reason',
      this.#restarted,
    )
    readGauges(library, this.#gauges, registry)
    return registry
  }
}

type PromClient = typeof promClient
type Registry = promClient.Registry

function countOne(counts: Map<string, number>, label: string): void {
  counts.set(label, (counts.get(label) ?? 0) + 1)
}

// A histogram of durations.
class Durations {
  count = 0
  #sum = 0
  readonly #buckets = new Float64Array(bounds.length)

  add(ms: number): void {
    const seconds = ms / 1000
    this.count++
    this.#sum += seconds
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] ?? 0)) at++
    if (at < bounds.length) this.#buckets[at] = (this.#buckets[at] ?? 0) + 1
  }

  /** Has the registry read it at each scrape. */
  register(registry: Registry, shortName: string, help: string): void {
    const name = prefix + shortName
    const get = async () => ({ name, help, type: 'histogram', aggregator: 'sum', values: this.#values(name) })
    registry.registerMetric({ name, get } as unknown as promClient.Metric) // what the registry asks of a metric
  }

  #values(name: string): object[] {
    let sum = 0
    const buckets = bounds.map((le, at) => {
      sum += this.#buckets[at] ?? 0
      return { metricName: `${name}_bucket`, labels: { le }, value: sum }
    })
    return [
      ...buckets,
      { metricName: `${name}_bucket`, labels: { le: '+Inf' }, value: this.count },
      { metricName: `${name}_sum`, labels: {}, value: this.#sum },
      { metricName: `${name}_count`, labels: {}, value: this.count },
    ]
  }
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
const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600]
