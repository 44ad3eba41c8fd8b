// HttpRequest → event: the first argument of a handler in normal mode (yandex.md §6).

import type { HttpRequest } from './http.ts'
import type { RequestIds } from './ids.ts'
import { toQueryMaps } from './query.ts'
import { toHeaderMaps } from './requestHeaders.ts'

/** The event of a direct call: exactly these 12 keys (yandex.md V-1). */
export interface HttpEvent {
  readonly httpMethod: string
  readonly headers: Readonly<Record<string, string>>
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>
  readonly queryStringParameters: Readonly<Record<string, string>>
  readonly multiValueQueryStringParameters: Readonly<Record<string, readonly string[]>>
  readonly requestContext: RequestContext
  readonly body: string
  readonly isBase64Encoded: boolean
  readonly url: ''
  readonly params: Empty
  readonly multiValueParams: Empty
  readonly pathParams: Empty
}

/** Who called, when, under which id: exactly these 5 keys (yandex.md V-1). */
export interface RequestContext {
  readonly identity: { readonly sourceIp: string; readonly userAgent: string }
  readonly httpMethod: string
  readonly requestId: string
  /** `4/Jan/2023:23:47:03 +0000` */
  readonly requestTime: string
  /** whole seconds */
  readonly requestTimeEpoch: number
}

type Empty = Readonly<Record<string, never>>

/** Makes the event of a request that was routed in mode `http`. Its JSON text is what an instance receives. */
export function toEvent(request: HttpRequest, ids: RequestIds): HttpEvent {
  const headers = toHeaderMaps(request.headers, request.peer, ids)
  const query = toQueryMaps(request.query)
  const isJson = isExactlyJson(headers.last['Content-Type'])
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
      requestTime: toRequestTime(request.receivedAt),
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

// Only this type makes a text body, and a single parameter is enough to lose it: so does the cloud (V-11 to V-18).
function isExactlyJson(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.trim().toLowerCase() === 'application/json'
}

/** A time as events show it (yandex.md V-7): the day is not padded, the rest is. */
export function toRequestTime(epochMs: number): string {
  const second = Math.floor(epochMs / 1000)
  if (second !== latest.second) latest = { second, text: describeTime(new Date(epochMs)) }
  return latest.text
}

function describeTime(date: Date): string {
  const timeOfDay = date.toISOString().slice(-13, -5)
  return `${date.getUTCDate()}/${months[date.getUTCMonth()]}/${date.getUTCFullYear()}:${timeOfDay} +0000`
}

// Many requests come in the same second.
let latest = { second: NaN, text: '' }

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
