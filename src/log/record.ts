// Lines that the function wrote and errors that it threw → records of the log (yandex.md G-1 to G-3, F-30, G-8).

import type { UserError } from '../wire/frames.ts'

/** Levels of the log, from the least to the most urgent. */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** One record of the function's log. */
export interface FunctionRecord {
  /** absent: unspecified */
  readonly level?: Level
  readonly message: string
  readonly stream_name?: string
  /** what else the line says */
  readonly payload?: Readonly<Record<string, unknown>>
}

/** Reads a line: as a structured record when it is one, else as text. Never throws. */
export function toRecord(line: string): FunctionRecord {
  const members = parseObject(line)
  if (members === undefined) return { message: line }
  const { message: preferred, ...others } = members
  const { msg, ...unnamed } = others
  const [text, rest] = 'message' in members ? [preferred, others] : [msg, unnamed]
  const message = toText(text)
  if (message === undefined) return { message: line }
  const level = toLevel(rest['level'])
  const stream = toStreamName(rest['stream_name'])
  if (level !== undefined) delete rest['level']
  if (stream !== undefined) delete rest['stream_name']
  return {
    message,
    ...(level === undefined ? {} : { level }),
    ...(stream === undefined ? {} : { stream_name: stream }),
    ...(Object.keys(rest).length === 0 ? {} : { payload: rest }),
  }
}

/** The error and its stack as one text: its lines are joined with carriage returns. */
export function toErrorText({ errorType, errorMessage, stackTrace = [] }: UserError): string {
  const text = [`${errorType}: ${errorMessage}`, ...stackTrace.map(toRow)].join('\n')
  return text.replaceAll(/\r?\n/g, '\r')
}

// The rows of Python are text, those of Node.js have members (yandex.md F-30).
function toRow(row: unknown): string {
  if (typeof row === 'string') return row.trimEnd()
  const { function: name, file, line, column } = (row ?? {}) as NodeRow // every member may be absent
  return file === undefined ? `    ${line}` : `    at ${name} (${file}:${line}:${column})`
}

interface NodeRow {
  readonly function?: string
  readonly file?: string
  readonly line?: number | string
  readonly column?: number
}

// Most lines are text, which is seen without parsing them.
function parseObject(line: string): Record<string, unknown> | undefined {
  if (!looksStructured.test(line) || Buffer.byteLength(line) > longestStructured) return undefined
  try {
    const members = JSON.parse(line) as Record<string, unknown> // what starts with a brace is an object
    return 'message' in members || 'msg' in members ? members : undefined
  } catch {
    return undefined
  }
}

function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  try {
    return JSON.stringify(value)
  } catch {
    return undefined // nested deeper than can be written
  }
}

function toLevel(value: unknown): Level | undefined {
  return typeof value === 'string' ? levels.get(value.toUpperCase()) : undefined
}

function toStreamName(value: unknown): string | undefined {
  return typeof value === 'string' && value.length >= 1 && value.length <= 63 ? value : undefined
}

const looksStructured = /^[ \t\r]*\{/

// Bytes (yandex.md G-2).
const longestStructured = 65_536

const levels: ReadonlyMap<string, Level> = new Map([
  ['TRACE', 'trace'],
  ['DEBUG', 'debug'],
  ['INFO', 'info'],
  ['WARN', 'warn'],
  ['WARNING', 'warn'],
  ['ERROR', 'error'],
  ['FATAL', 'fatal'],
  ['CRITICAL', 'fatal'],
])
