// The system's records of an invocation, as text and as members (yandex.md G-4 to G-6). Pure.

import type { Timing } from '../invocation.ts'

/** What the log says of an invocation that is over. Durations in milliseconds, sizes in whole MB. */
export interface Report {
  readonly durationMs: number
  readonly billedMs: number
  readonly memoryMb: number
  /** absent where it cannot be known */
  readonly peakMemoryMb?: number
  readonly queuedMs: number
  /** only for the first invocation of an instance */
  readonly initMs?: number
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

/** The line before everything that the function writes for an invocation. */
export function startText(requestId: string, version: string): string {
  return `START RequestID: ${requestId} Version: ${version}`
}

/** The line after everything that the function wrote for an invocation. */
export function endText(requestId: string): string {
  return `END RequestID: ${requestId}`
}

/** The last line of an invocation. */
export function reportText(requestId: string, report: Report): string {
  const { durationMs, billedMs, memoryMb, peakMemoryMb, queuedMs, initMs } = report
  const peak = peakMemoryMb === undefined ? '' : ` Max Memory Used: ${peakMemoryMb} MB`
  const init = initMs === undefined ? '' : ` Function Init Duration: ${initMs} ms`
  const billed = `Duration: ${durationMs} ms Billed Duration: ${billedMs} ms`
  return `REPORT RequestID: ${requestId} ${billed} Memory Size: ${memoryMb} MB${peak} Queuing Duration: ${queuedMs} ms${init}`
}

// Three decimals.
function toMicroseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

const billedStepMs = 100
