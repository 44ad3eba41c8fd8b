// Log lines, made from events (interface.md §7). Nobody else logs.

import { pino, type DestinationStream, type Logger } from 'pino'
import { PinoPretty } from 'pino-pretty'
import type { Events } from './events.ts'
import { describeExit } from './invoker/end.ts'
import type { Outcome } from './invoker/invocation.ts'

/** How log lines look, and which ones are written. */
export interface LogSettings {
  readonly format: 'json' | 'text'
  readonly level: string
  /** file descriptor: 1, or 2 where the standard output carries a result */
  readonly descriptor: 1 | 2
}

/** Writes what `events` announces until the program ends. Returns a function that waits until all is written. */
export function logEvents(events: Events, settings: LogSettings): () => void {
  const { stream, flush } = destination(settings)
  const log = pino(
    {
      level: settings.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  )
  listen(events, log)
  return flush
}

function listen(events: Events, log: Logger): void {
  events.on('listening', ({ url, adminUrl }) => {
    log.info({ url }, `listening at ${url}`)
    if (adminUrl !== undefined) log.info({ url: adminUrl }, `probes at ${adminUrl}_/healthz`)
  })
  events.on('ready', ({ handler, language, url, loadMs, curlFlags }) => {
    const where = url === undefined ? '' : ` at ${url}`
    log.info(
      { handler, language, url, loadMs: Math.round(loadMs) },
      `ready: ${handler} (${language})${where}`,
    )
    if (url !== undefined)
      log.info(
        `try: curl ${curlFlags}--data '{"hello": "world"}' -H 'Content-Type: application/json' '${url}?param=one'`,
      )
  })
  events.on('draining', ({ signal }) =>
    log.info(`${signal}: finishing the calls that are here, refusing new ones`),
  )
  events.on('stopped', () => log.info('stopped'))
  events.on('instance-started', ({ instance, pid }) => log.debug({ instance, pid }, 'instance started'))
  events.on('instance-loaded', ({ instance, language, loadMs }) =>
    log.debug({ instance, language, loadMs: Math.round(loadMs) }, 'instance loaded'),
  )
  events.on('start-failed', ({ fault, pauseMs }) =>
    log.error(
      { fault: fault.code, errorType: fault.errorType, ...fault.body, pauseMs },
      `the function is not ready: ${fault.message}; ${fault.row.advice}`,
    ),
  )
  events.on('instance-gone', ({ instance, exit, cause }) =>
    cause === undefined
      ? log.warn({ instance }, `instance has ended by itself: ${describeExit(exit)}`)
      : log.debug({ instance, cause: cause.type }, `instance has ended: ${describeExit(exit)}`),
  )
  events.on('function-wrote', ({ text, ...line }) => log.info({ ...line, source: 'function' }, text))
  events.on('invocation-ended', ({ outcome, timing, ...ids }) => logOutcome(log.child(ids), outcome, timing))
  events.on('request-refused', ({ requestId, fault }) => {
    const level = fault.row.blame === 'caller' ? 'info' : 'error'
    log[level]({ requestId, fault: fault.code, err: fault.cause }, `refused: ${fault.message}`)
  })
  events.on('trouble', ({ what, cause }) => log.error({ err: cause }, what))
  events.on('trouble-over', ({ what }) => log.info(what))
}

function logOutcome(log: Logger, outcome: Outcome, timing: object): void {
  switch (outcome.type) {
    case 'returned':
    case 'streamed':
      return log.debug(timing, outcome.type)
    case 'threw': {
      const { errorMessage, errorType, stackTrace } = outcome.error
      return log.error({ ...timing, stackTrace }, `${errorType}: ${errorMessage}`)
    }
    case 'failed': {
      const { code, row, message, cause } = outcome.fault
      const detail = cause === undefined ? {} : { err: cause }
      return log.error({ ...timing, fault: code, ...detail }, `Error: Code ${row.status} Message: ${message}`)
    }
    default:
      return outcome satisfies never
  }
}

function destination({ format, descriptor }: LogSettings): { stream: DestinationStream; flush: () => void } {
  if (format === 'text') {
    const stream = PinoPretty({
      destination: descriptor,
      sync: true,
      ignore: 'pid,hostname',
      singleLine: true,
    })
    return { stream, flush: () => {} }
  }
  // Whoever reads the log may be slow or gone; the server goes on, and drops lines beyond this much.
  const stream = pino.destination({ dest: descriptor, sync: false, maxLength: unwrittenLimit })
  stream.on('error', () => {})
  return {
    stream,
    flush: () => {
      try {
        stream.flushSync()
      } catch {
        // nobody reads
      }
    },
  }
}

const unwrittenLimit = 16 * 1024 * 1024
