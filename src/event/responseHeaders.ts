// Which headers of a function reach its client, and under which name (yandex.md ).

import type { Header } from './http.ts'
import { canonicalName } from './headerName.ts'
import type { FunctionHeaders } from './structure.ts'

/** Canonical name of the first header that fails the invocation; undefined when there is none (yandex.md R-9). */
export function findForbidden(headers: FunctionHeaders): string | undefined {
  for (const name of headers.keys()) if (forbidden.has(name)) return canonicalName(name)
  return undefined
}

/** The lines to send: some dropped, some renamed, the others spelled as the function did (yandex.md ). */
export function toReplyHeaders(headers: FunctionHeaders): Header[] {
  const lines: Header[] = []
  for (const [lowerCaseName, { name, values }] of headers) {
    if (dropped.has(lowerCaseName)) continue
    const sentAs = renamed.get(lowerCaseName) ?? name
    for (const value of values) lines.push([sentAs, value])
  }
  return lines
}

//
const forbidden: ReadonlySet<string> = new Set(['proxy-authenticate', 'transfer-encoding', 'via'])

// R-7, and Content-Length, which is computed.
const dropped: ReadonlySet<string> = new Set([
  'host',
  'authorization',
  'user-agent',
  'connection',
  'max-forwards',
  'cookie',
  'x-request-id',
  'x-function-id',
  'x-function-version-id',
  'x-content-type-options',
  'content-length',
])

//
const renamed: ReadonlyMap<string, string> = new Map([
  ['content-md5', 'X-Yf-Remapped-Content-Md5'],
  ['date', 'X-Yf-Remapped-Date'],
  ['server', 'X-Yf-Remapped-Server'],
  ['www-authenticate', 'X-Yf-Remapped-Www-Authenticate'],
])
