// Prometheus metrics, made from events and from what the invoker says of itself when it is asked. Owns the registry.
// docs/metrics.md lists every name; a test compares the two.

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Events } from './events.ts'
import type { Exposition } from './http/metrics.ts'
import type { EndCause } from './exit.ts'
import type { Outcome } from './invocation.ts'
import type { InstanceState } from './invoker/instanceState.ts'
import type { FaultCode } from './errors.ts'

/** What is read at the moment of a scrape. */
export interface Gauges {
  /** invocations that wait for an instance */
  readonly waiting: () => number
  /** invocations that wait or run */
  readonly inFlight: () => number
  /** instances in each state */
  readonly instances: () => Readonly<Record<InstanceState, number>>
  /** bytes that the processes of the largest instance hold */
  readonly largestMemory: () => Promise<number>
}

/** Counts what `events` announces, from now on. */
export function metricsOf(events: Events, gauges: Gauges): Exposition {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix })
  countEarlierTime(registry)
  countInvocations(events, registry)
  countInstances(events, registry)
  readGauges(gauges, registry)
  return { contentType: registry.contentType, read: () => registry.metrics() }
}

// prom-client counts the processor's time from now on, and the process is older.
function countEarlierTime(registry: Registry): void {
  const { user, system } = process.cpuUsage()
  const micros = { user_seconds: user, system_seconds: system, seconds: user + system }
  for (const [name, time] of Object.entries(micros)) {
    const counter = registry.getSingleMetric(`${prefix}process_cpu_${name}_total`)
    if (counter instanceof Counter) counter.inc(time / 1e6)
  }
}

function countInvocations(events: Events, registry: Registry): void {
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
    help: 'Requests answered with a fault at the door: not fit to be run, or their result made no answer',
    labelNames: ['fault'],
  })
  events.on('invocation-ended', ({ outcome, timing, instance }) => {
    ended.inc({ outcome: outcomeLabel(outcome) })
    queued.observe(timing.queuedMs / 1000)
    if (instance !== undefined) executed.observe(timing.executedMs / 1000)
  })
  events.on('request-refused', ({ fault }) => refused.inc({ fault: fault.code }))
}

function countInstances(events: Events, registry: Registry): void {
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
  events.on('instance-loaded', ({ loadMs }) => {
    started.inc()
    loaded.observe(loadMs / 1000)
  })
  events.on('instance-gone', ({ cause, code }) => {
    const reason = restartReason(cause, code)
    if (reason !== undefined) restarts.inc({ reason })
  })
}

function readGauges(gauges: Gauges, registry: Registry): void {
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

// An end that we have asked for, at a stop or after idleness, is no restart.
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
