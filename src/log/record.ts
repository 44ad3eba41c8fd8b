// A line that the function wrote → what the log says of it (yandex.md G-1 to G-3). Pure.

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

/** Reads a line: as a structured record when it is one, else as text. Never throws, whatever the line is. */
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

// Most lines are text: they are told apart without being parsed.
function parseObject(line: string): Record<string, unknown> | undefined {
  if (!looksStructured.test(line) || Buffer.byteLength(line) > longestStructured) return undefined
  try {
    const members = JSON.parse(line) as Record<string, unknown> // what begins with a brace is an object
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
