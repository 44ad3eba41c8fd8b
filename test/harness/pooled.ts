// The instances of a function without a server, for what only the pool decides.

import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Events } from '../../src/events.ts'
import { launcher, type LaunchSettings } from '../../src/invoker/launch.ts'
import { Invoker, type InvokerLimits } from '../../src/invoker/invoker.ts'
import { Pool, type PoolLimits } from '../../src/invoker/pool.ts'
import { functionsIn, type TestLanguage } from './serving.ts'

/** A pool with nothing but an invoker in front of it; disposing of it kills its instances. */
export interface Pooled extends AsyncDisposable {
  readonly pool: Pool
  readonly invoker: Invoker
  readonly events: Events
}

/** Makes a pool that is not started yet. */
export function poolOf(
  language: TestLanguage,
  limits: Partial<PoolLimits>,
  settings: Partial<LaunchSettings> = {},
  invocations: Partial<InvokerLimits> = {},
): Pooled {
  const events = new Events()
  const launch = launcher(
    {
      handler: 'hostile.handler',
      root: functionsIn(language),
      runtimeDir: join(import.meta.dirname, '..', '..', 'runtime'),
      function: { id: 'd4eo2faf62abcdefghij', version: 'd4e3vrugh3abcdefghij', logGroup: '', memoryMb: 128 },
      concurrency: 1,
      args: [],
      sdk: 'auto',
      initTimeoutMs: 60_000,
      calls: { timeoutMs: 3_600_000, responseLimit: 3_670_016, tokens: undefined },
      offered: () => ({}),
      runtimeApi: () => ({ address: `unix:/nowhere/${randomUUID()}`, open: () => {}, close: () => {} }),
      environment: { PATH: process.env['PATH'] ?? '' },
      ...settings,
    },
    events,
  )
  const pool = new Pool(
    launch,
    { most: 1, least: 1, concurrency: 1, longestIdleMs: 3_600_000, ...limits },
    events,
  )
  const invoker = new Invoker(
    pool,
    { queue: 10, queueTimeoutMs: 60_000, reschedule: 0, ...invocations },
    undefined,
    events,
  )
  return { pool, invoker, events, [Symbol.asyncDispose]: () => pool.kill() }
}
