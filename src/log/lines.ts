// The records that every call writes → lines of JSON, as pino writes them, in a third of its time: a test compares the two.
// Owns the text of the present second.

import type { FunctionLine } from '../events.ts'
import type { FunctionRecord } from './record.ts'
import { endText, reportText, startText, type Report } from './report.ts'

/** Whose record it is. */
export interface About {
  readonly requestId: string
  readonly jobId?: string | undefined
  readonly instance: string
}

/** The line of the START of an invocation; `version` is the function's. */
export function startLine(about: About, version: string): string {
  const id = escaped(about.requestId)
  return systemLine(about, id, version, '', startText(id, escaped(version)))
}

/** The line of its END. */
export function endLine(about: About, version: string): string {
  const id = escaped(about.requestId)
  return systemLine(about, id, version, '', endText(id))
}

/** The line of its REPORT. */
export function reportLine(about: About, version: string, report: Report): string {
  const id = escaped(about.requestId)
  const { durationMs, billedMs, memoryMb, peakMemoryMb, queuedMs, initMs } = report
  const peak = peakMemoryMb === undefined ? '' : `,"peakMemoryMb":${peakMemoryMb}`
  const init = initMs === undefined ? '' : `,"initMs":${initMs}`
  const members = `,"durationMs":${durationMs},"billedMs":${billedMs},"memoryMb":${memoryMb}${peak},"queuedMs":${queuedMs}${init}`
  return systemLine(about, id, version, members, reportText(id, report))
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
  return `{"level":"${level}","time":"${isoTime()}",${whose}${named}${rest},"msg":${JSON.stringify(message)}}\n`
}

// `text` is escaped, and so is `id`; both are made of what is.
function systemLine(
  { jobId, instance }: About,
  id: string,
  version: string,
  members: string,
  text: string,
): string {
  const whose = `"requestId":"${id}"${member('jobId', jobId)},"instance":"${escaped(instance)}"`
  const what = `"version":"${escaped(version)}","source":"system"${members},"msg":"${text}"`
  return `{"level":"info","time":"${isoTime()}",${whose},${what}}\n`
}

function member(name: string, value: string | undefined): string {
  return value === undefined ? '' : `,"${name}":"${escaped(value)}"`
}

// A text as it stands between the quotes of JSON. Ids and versions need no escaping, but nothing here knows that.
function escaped(text: string): string {
  return plain.test(text) ? text : JSON.stringify(text).slice(1, -1)
}

function isoTime(): string {
  const now = Date.now()
  const since = now - second
  if (since >= 0 && since < 1000) return `${secondText}${String(since).padStart(3, '0')}Z`
  second = now - (now % 1000)
  secondText = new Date(second).toISOString().slice(0, -'000Z'.length)
  return isoTime()
}

let second = 0
let secondText = ''

const plain = /^[\w.:-]*$/
