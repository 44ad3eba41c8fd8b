// The log lines that every call writes, as pino writes them but in a third of its time (a test compares the two), and their texts
// (yandex.md G-4 to G-6). Owns the text of the current millisecond.

import type { FunctionLine } from '../events.ts'
import type { Timing } from '../invocation.ts'
import { escaped } from '../json/json.ts'
import type { FunctionRecord } from './record.ts'

/** Whose record it is. */
export interface About {
  readonly requestId: string
  readonly jobId?: string | undefined
  readonly instance: string
}

/** What the REPORT says. Durations in milliseconds, sizes in whole MB. */
export interface Report {
  readonly durationMs: number
  readonly billedMs: number
  readonly memoryMb: number
  /** absent without /proc */
  readonly peakMemoryMb?: number
  readonly queuedMs: number
  /** only for the first invocation of an instance */
  readonly initMs?: number
}

/** Writes the lines about one version of a function. */
export class Lines {
  readonly #version: string

  constructor(version: string) {
    this.#version = escaped(version)
  }

  /** The line of the START of an invocation. */
  start(about: About): string {
    const id = escaped(about.requestId)
    return this.#line(id, about, '', startText(id, this.#version))
  }

  /** The line of its END. */
  end(about: About): string {
    const id = escaped(about.requestId)
    return this.#line(id, about, '', endText(id))
  }

  /** The line of its REPORT. */
  report(about: About, report: Report): string {
    const id = escaped(about.requestId)
    const { durationMs, billedMs, memoryMb, peakMemoryMb, queuedMs, initMs } = report
    const peak = peakMemoryMb === undefined ? '' : `,"peakMemoryMb":${peakMemoryMb}`
    const init = initMs === undefined ? '' : `,"initMs":${initMs}`
    const members = `,"durationMs":${durationMs},"billedMs":${billedMs},"memoryMb":${memoryMb}${peak},"queuedMs":${queuedMs}${init}`
    return this.#line(id, about, members, reportText(id, report))
  }

  // `id` and `text` are escaped.
  #line(id: string, { jobId, instance }: About, members: string, text: string): string {
    const about = `"requestId":"${id}"${member('jobId', jobId)},"instance":"${escaped(instance)}"`
    const source = `"version":"${this.#version}","source":"system"`
    return `{"level":"info","time":"${isoTime()}",${about},${source}${members},"msg":"${text}"}\n`
  }
}

/**
 * The line of what the function wrote.
 * @throws RangeError when the payload is nested deeper than JSON can be written
 */
export function functionLine(
  line: FunctionLine,
  jobId: string | undefined,
  { level = 'info', message, stream_name, payload }: FunctionRecord,
): string {
  const { instance, requestId, stream } = line
  const whose = `"instance":"${escaped(instance)}"${member('requestId', requestId)},"stream":"${stream}"`
  const named = `${member('jobId', jobId)},"source":"function"${member('stream_name', stream_name)}`
  const rest = payload === undefined ? '' : `,"json_payload":${JSON.stringify(payload)}`
  return `{"level":"${level}","time":"${isoTime()}",${whose}${named}${rest},"msg":"${escaped(message)}"}\n`
}

/** Makes the report of one invocation. `peakMemory` is in bytes. */
export function toReport(timing: Timing, memoryMb: number, peakMemory: number | undefined): Report {
  const { queuedMs, executedMs, initMs } = timing
  const durationMs = toMicroseconds(queuedMs + executedMs)
  return {
    durationMs,
    billedMs: Math.ceil(durationMs / billedStepMs) * billedStepMs,
    memoryMb,
    ...(peakMemory === undefined ? {} : { peakMemoryMb: Math.ceil(peakMemory / 1024 ** 2) }),
    queuedMs: toMicroseconds(queuedMs),
    ...(initMs === undefined ? {} : { initMs: toMicroseconds(initMs) }),
  }
}

/** The text before everything that the function writes for an invocation. */
export function startText(requestId: string, version: string): string {
  return `START RequestID: ${requestId} Version: ${version}`
}

/** The text after everything that the function wrote for an invocation. */
export function endText(requestId: string): string {
  return `END RequestID: ${requestId}`
}

/** The last text of an invocation. */
export function reportText(requestId: string, report: Report): string {
  const { durationMs, billedMs, memoryMb, peakMemoryMb, queuedMs, initMs } = report
  const peak = peakMemoryMb === undefined ? '' : ` Max Memory Used: ${peakMemoryMb} MB`
  const init = initMs === undefined ? '' : ` Function Init Duration: ${initMs} ms`
  const billed = `Duration: ${durationMs} ms Billed Duration: ${billedMs} ms`
  return `REPORT RequestID: ${requestId} ${billed} Memory Size: ${memoryMb} MB${peak} Queuing Duration: ${queuedMs} ms${init}`
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${escaped(value)}"`
}

// Three decimals.
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

function isoTime(): string {
  const now = Date.now()
  if (now !== latest.now) latest = { now, text: new Date(now).toISOString() }
  return latest.text
}

// A call writes several lines in the same millisecond.
let latest = { now: NaN, text: '' }

const billedStepMs = 100
