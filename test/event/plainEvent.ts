// The event of a request as an object, written plainly: what the text of an event is compared with.

import type { HttpRequest } from '../../src/event/http.ts'
import type { RequestIds } from '../../src/event/route.ts'

export type PlainEvent = ReturnType<typeof toPlainEvent>

export function toPlainEvent(request: HttpRequest, ids: RequestIds) {
  const headers = toMaps(toHeaderLines(request, ids))
  const query = toMaps([...new URLSearchParams(`?${request.query}`)])
  const isJson = headers.last['Content-Type']?.trim().toLowerCase() === 'application/json'
  return {
    httpMethod: request.method,
    headers: headers.last,
    multiValueHeaders: headers.all,
    queryStringParameters: query.last,
    multiValueQueryStringParameters: query.all,
    requestContext: {
      identity: { sourceIp: request.peer.address, userAgent: headers.last['User-Agent'] ?? '' },
      httpMethod: request.method,
      requestId: ids.requestId,
      requestTime: toTime(new Date(request.receivedAt)),
      requestTimeEpoch: Math.floor(request.receivedAt / 1000),
    },
    body: request.body.toString(isJson ? 'utf8' : 'base64'),
    isBase64Encoded: !isJson,
    url: '',
    params: {},
    multiValueParams: {},
    pathParams: {},
  }
}

// What the client sent without what is removed, and behind it what the platform says.
function toHeaderLines({ headers, peer }: HttpRequest, { requestId, traceId }: RequestIds) {
  const lines = headers.map(([name, value]) => [toCanonical(name), value] as const)
  const forwarded = lines.filter(([name, value]) => name === 'X-Forwarded-For' && value !== '')
  return [
    ...lines.filter(([name]) => !notPassed.has(name)),
    ['X-Forwarded-For', [...forwarded.map(([, value]) => value), peer.address].join(', ')] as const,
    ['X-Real-Remote-Address', `[${peer.address}]:${peer.port}`] as const,
    ['X-Request-Id', requestId] as const,
    ['X-Trace-Id', traceId] as const,
  ]
}

function toCanonical(name: string): string {
  return name
    .toLowerCase()
    .split('-')
    .map((part) => part.replace(/^[a-z]/, (letter) => letter.toUpperCase()))
    .join('-')
}

function toMaps(lines: readonly (readonly [string, string])[]) {
  const last: Record<string, string> = Object.create(null) as Record<string, string> // without an accessor __proto__
  const all: Record<string, string[]> = Object.create(null) as Record<string, string[]>
  for (const [name, value] of lines) {
    last[name] = value
    all[name] = [...(all[name] ?? []), value]
  }
  return { last, all }
}

function toTime(date: Date): string {
  const month = date.toLocaleString('en-US', { month: 'short', timeZone: 'UTC' })
  const time = date.toISOString().slice(-13, -5)
  return `${date.getUTCDate()}/${month}/${date.getUTCFullYear()}:${time} +0000`
}

const notPassed: ReadonlySet<string> = new Set(
  [
    'Expect Te Trailer Upgrade Proxy-Authenticate Authorization Connection Content-Md5 Max-Forwards Server',
    'Transfer-Encoding Www-Authenticate Cookie X-Forwarded-For X-Real-Remote-Address X-Request-Id X-Trace-Id',
  ].flatMap((names) => names.split(' ')),
)
