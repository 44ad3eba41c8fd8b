// A user's error → one record of text (yandex.md F-30, G-8). Pure.

import type { UserError } from '../wire/frames.ts'

/** The error and its stack as one record: its lines are joined with carriage returns. */
export function toErrorText({ errorType, errorMessage, stackTrace = [] }: UserError): string {
  const text = [`${errorType}: ${errorMessage}`, ...stackTrace.map(toRow)].join('\n')
  return text.replaceAll(/\r?\n/g, '\r')
}

// Python's rows are text, those of Node.js have members (yandex.md F-30).
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
