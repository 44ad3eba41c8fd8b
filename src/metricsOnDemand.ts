// Metrics without what makes them, until somebody asks for them or much has happened: most of prom-client is of no use to a
// function that has just started. Owns what was announced so far.

import { Events } from './events.ts'
import type { Exposition } from './http/metrics.ts'
import type { Gauges } from './metrics.ts'

/** Counts what `events` announces, from now on. */
export function metricsOnDemand(events: Events, gauges: Gauges): Exposition {
  const heard = new Events()
  let kept: (() => void)[] | undefined = []
  let loading: Promise<Exposition> | undefined
  const load = (): Promise<Exposition> => {
    loading ??= import('./metrics.ts').then(
      ({ metricsOf }) => {
        const exposition = metricsOf(heard, gauges)
        for (const tell of kept ?? []) tell()
        kept = undefined
        return exposition
      },
      (error: unknown) => {
        loading = undefined // there may be no descriptor left to read a file with; the next one tries again
        throw error
      },
    )
    return loading
  }
  const tell = (telling: () => void): void => {
    if (kept === undefined) return telling()
    if (kept.length < mostKept) kept.push(telling)
    if (kept.length >= much) load().catch(() => {}) // who asks for the metrics is told
  }
  events.on('invocation-ended', ({ requestId, outcome, timing, instance }) => {
    const ending = outcome.type === 'returned' ? returned : outcome // a result may be large
    const where = instance === undefined ? {} : { instance }
    tell(() => heard.emit('invocation-ended', { requestId, outcome: ending, timing, ...where }))
  })
  events.on('request-refused', (about) => tell(() => heard.emit('request-refused', about)))
  events.on('instance-loaded', (about) => tell(() => heard.emit('instance-loaded', about)))
  events.on('instance-gone', (about) => tell(() => heard.emit('instance-gone', about)))
  return { contentType, read: async () => (await load()).read() }
}

const returned = { type: 'returned', json: undefined } as const

// What prom-client writes unless told otherwise.
const contentType = 'text/plain; version=0.0.4; charset=utf-8'

const much = 256

// While what counts it cannot be loaded.
const mostKept = 100_000
