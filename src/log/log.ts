// Log lines, made from events (interface.md §7): the only file that logs. Owns the jobs of running invocations by request id.

import type { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'
import type { FaultCode } from '../errors.ts'
import type { Events, FunctionLine } from '../events.ts'
import { describeExit } from '../exit.ts'
import type { Outcome } from '../invocation.ts'
import { functionLine, Lines, toReport } from './lines.ts'
import { toErrorText, toRecord, type FunctionRecord } from './record.ts'
import { Sink } from './sink.ts'
import type { FunctionIdentity } from '../wire/frames.ts'

/** How log lines look, and which ones are written. */
export interface LogSettings {
  readonly format: 'json' | 'text'
  readonly level: string
  /** the standard output, or the standard error where the standard output carries a result */
  readonly output: Writable
  readonly function: FunctionIdentity
  /** the user's variables: STRUCTURED_LOGGING (yandex.md E-16) */
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Writes what `events` announces until the program ends.
 * @returns a function that waits until all is written; it returns false when the reader is too slow
 */
export async function logEvents(events: Events, settings: LogSettings): Promise<() => Promise<boolean>> {
  const sink = new Sink(settings.output, (lines) =>
    log.warn({ lines }, `${lines} log lines were dropped: the reader of the log is too slow`),
  )
  const toText = settings.format === 'text' ? await prettyPrinter() : (line: string) => line
  const write = (line: string): void => sink.write(toText(line))
  const log = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  logServer(events, log)
  logFunction(events, log, write, settings)
  return () => sink.flush()
}

// Loaded for the text format only.
async function prettyPrinter(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty')
  return prettyFactory(prettyOptions)
}

function logServer(events: Events, log: Logger): void {
  events.on('listening', ({ url, adminUrl }) => {
    log.info({ url }, `listening at ${url}`)
    if (adminUrl !== undefined) log.info({ url: adminUrl }, `probes at ${adminUrl}_/healthz`)
  })
  events.on('ready', ({ handler, isScript, language, url, loadMs, curlFlags }) => {
    const where = url === undefined ? '' : ` at ${url}`
    log.info(
      { handler, language, url, loadMs: Math.round(loadMs) },
      `ready: ${handler} (${language})${where}`,
    )
    if (url !== undefined) log.info(`try: curl ${curlFlags}${isScript ? jobToTry(url) : callToTry(url)}`)
  })
  events.on('jobs-not-kept', () =>
    log.warn('jobs are kept in memory only (--job-store memory) and end with this server'),
  )
  events.on('draining', ({ signal }) =>
    log.info(`${signal}: finishing the calls that are here, refusing new ones`),
  )
  events.on('stopped', () => log.info('stopped'))
  events.on('instance-started', ({ instance, pid }) => log.debug({ instance, pid }, 'instance started'))
  events.on('instance-loaded', ({ instance, language, loadMs }) =>
    log.debug({ instance, language, loadMs: Math.round(loadMs) }, 'instance loaded'),
  )
  events.on('start-failed', ({ fault, pauseMs }) => {
    if (pauseMs === 0) return // an idle instance has ended, which `instance-gone` reports, and the next one starts
    log.error(
      { fault: fault.code, errorType: fault.errorType, ...fault.body, pauseMs },
      `the function is not ready: ${fault.message}; ${fault.row.advice}`,
    )
  })
  events.on('instance-gone', ({ instance, exit, cause }) =>
    cause === undefined
      ? log.warn({ instance }, `instance has ended by itself: ${describeExit(exit)}`)
      : log.debug({ instance, cause: cause.type }, `instance has ended: ${describeExit(exit)}`),
  )
  events.on('request-refused', ({ requestId, fault }) => {
    const level = fault.row.blame === 'caller' ? 'info' : 'error'
    log[level]({ requestId, fault: fault.code, err: fault.cause }, `refused: ${fault.message}`)
  })
  events.on('delivery-given-up', ({ jobId, receiver, tries, reason }) =>
    log.warn({ jobId, receiver, tries }, `the end of job ${jobId} was not delivered: ${receiver}: ${reason}`),
  )
  events.on('trouble', ({ what, cause }) => log.error({ err: cause }, what))
  events.on('trouble-over', ({ what }) => log.info(what))
}

function callToTry(url: string): string {
  return `--data '{"hello": "world"}' -H 'Content-Type: application/json' '${url}?param=one'`
}

function jobToTry(url: string): string {
  return `--data '{"input": {"hello": "world"}}' '${url}runsync'`
}

// The lines of each call do not go through pino, which would take three times as long.
function logFunction(
  events: Events,
  log: Logger,
  write: (line: string) => void,
  settings: LogSettings,
): void {
  const { version, memoryMb } = settings.function
  const structured = settings.environment['STRUCTURED_LOGGING'] !== 'false'
  const reports = log.isLevelEnabled('info')
  const lines = new Lines(version)
  const jobs = new Map<string, string>()
  events.on('invocation-started', (about) => {
    if (about.jobId !== undefined) jobs.set(about.requestId, about.jobId)
    if (reports) write(lines.start(about))
  })
  events.on('function-wrote', (line) => {
    const record: FunctionRecord = structured && line.whole ? toRecord(line.text) : { message: line.text }
    if (!log.isLevelEnabled(record.level ?? 'info')) return
    const jobId = line.requestId === undefined ? undefined : jobs.get(line.requestId)
    try {
      write(functionLine(line, jobId, record))
    } catch {
      logDeep(log, line, jobId, record)
    }
  })
  events.on('output-dropped', ({ bytes, ...about }) =>
    log.warn({ ...about, bytes }, `${bytes} bytes of the function's output were dropped: it writes too much`),
  )
  events.on('invocation-ended', ({ requestId, jobId, instance, outcome, timing, peakMemory }) => {
    jobs.delete(requestId)
    logFailure(log, { requestId, jobId, instance }, outcome)
    if (instance === undefined || !reports) return
    const about = { requestId, jobId, instance }
    write(lines.end(about))
    write(lines.report(about, toReport(timing, memoryMb, peakMemory?.())))
  })
}

// pino writes as much as it can of a payload that is nested too deep for JSON.
function logDeep(log: Logger, line: FunctionLine, jobId: string | undefined, record: FunctionRecord): void {
  const { instance, requestId, stream } = line
  const { level = 'info', message, stream_name, payload } = record
  log[level](
    { instance, requestId, stream, jobId, source: 'function', stream_name, json_payload: payload },
    message,
  )
}

interface About {
  readonly requestId: string
  readonly jobId: string | undefined
  readonly instance: string | undefined
}

function logFailure(log: Logger, about: About, outcome: Outcome): void {
  switch (outcome.type) {
    case 'returned':
    case 'streamed':
      if (outcome.error !== undefined) log.warn(about, `failed: ${outcome.error.slice(0, longestReason)}`)
      return
    case 'threw':
      return log.error({ ...about, errorType: outcome.error.errorType }, toErrorText(outcome.error))
    case 'failed': {
      const { code, row, message, cause } = outcome.fault
      const level = about.instance === undefined ? 'debug' : 'info'
      if (about.jobId !== undefined && code in stopped) return log[level](about, stopped[code])
      return log.error({ ...about, fault: code, err: cause }, `Error: Code ${row.status} Message: ${message}`)
    }
    default:
      return outcome satisfies never
  }
}

// Characters of the error of a job or a task, whose record has all of it.
const longestReason = 1000

// Faults that end an attempt although the job has not failed.
const stopped: Partial<Record<FaultCode, string>> = {
  client_gone: 'the job was stopped: it was cancelled, its timeout passed, or another server took it over',
  draining: 'the job goes back to the queue: the server stops',
}

// A message of several lines is shown on several lines.
const prettyOptions = {
  ignore: 'pid,hostname',
  singleLine: true,
  messageFormat: ({ msg }: Record<string, unknown>) => String(msg).replaceAll('\r', '\n    '),
}
