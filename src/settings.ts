// The configuration → the settings of each part of the application.

import { join, resolve } from 'node:path'
import type { Config } from './config.ts'
import type { AsyncTerms } from './http/asyncEndpoint.ts'
import type { EndpointSettings } from './http/functionEndpoint.ts'
import type { JobSettings } from './http/jobs/handlers.ts'
import type { InvokerLimits } from './invoker/invoker.ts'
import type { LaunchSettings } from './invoker/launch.ts'
import type { PoolLimits } from './invoker/pool.ts'
import type { OptionValues } from './options.ts'
import type { TaskEvents } from './wire/frames.ts'

/** The settings of the endpoint of the function. */
export function toEndpointSettings({ function: { id, version }, options }: Config): EndpointSettings {
  const { cors, 'request-limit': requestLimit } = options
  return { functionId: id, functionVersion: version, cors, requestLimit }
}

/** The limits of the invoker. */
export function toInvokerLimits({ options }: Config): InvokerLimits {
  const { queue, 'queue-timeout': queueTimeoutMs, reschedule } = options
  return { queue, queueTimeoutMs, reschedule }
}

/** The limits of the pool of instances. */
export function toPoolLimits({ options }: Config): PoolLimits {
  const { instances: most, 'min-instances': least, concurrency } = options
  return { most, least, concurrency, longestIdleMs }
}

/** The settings of instances, all but what other parts give them. */
export function toLaunchSettings(
  config: Config,
  isTrusted: boolean,
): Omit<LaunchSettings, 'calls' | 'offered' | 'runtimeApi'> {
  const { options, chosen } = config
  return {
    ...config,
    runtime: options.runtime,
    python: options.python,
    sdk: options.sdk,
    concurrency: chosen.has('concurrency') ? options.concurrency : undefined,
    taskEvents: toTaskEvents(config, isTrusted),
    initTimeoutMs: initTimeoutMs(config),
    memoryLimit: options.memory,
  }
}

/** What curl needs to reach the function, apart from its address: flags, with a space behind each. */
export function toCurlFlags(options: OptionValues): string {
  const trust = options.tls === undefined ? '' : '--insecure '
  return isPublic(options) ? trust : `${trust}-H "Authorization: Bearer $KEY" `
}

function isPublic(options: OptionValues): boolean {
  return (options['auth-keys'] ?? options['auth-jwks']) === undefined
}

// Tasks in events are run only for callers that are known (tasks.md §9).
function toTaskEvents({ options }: Config, isTrusted: boolean): TaskEvents | undefined {
  const choice = options['task-events']
  if (choice !== 'auto') return choice === 'on' ? 'on' : undefined
  return isTrusted || !isPublic(options) ? 'imported' : undefined
}

// A script may load a model (jobs.md LIM-2).
function initTimeoutMs({ options, chosen, isScript, environment }: Config): number {
  if (!isScript || chosen.has('init-timeout')) return options['init-timeout']
  const seconds = Number(environment['RUNPOD_INIT_TIMEOUT'])
  return seconds > 0 && seconds < 2 ** 31 / 1000 ? Math.round(seconds * 1000) : scriptInitTimeoutMs
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

// How long an instance beyond --min-instances may be idle.
const longestIdleMs = 5 * 60_000

const scriptInitTimeoutMs = 7 * 60_000
const defaultJobTimeoutMs = 600_000
