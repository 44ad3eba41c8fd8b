// The requests and WebSockets of API gateways in their events (yandex.md §16): `GET /pets/{id}`, called as `/pets/7?a=1&a=2`, and
// a WebSocket at `/ws`. And the answer of a gateway to a result without a status.

import { createHash } from 'node:crypto'
import { isJsonObject, parseJson } from '../../json/json.ts'
import type { Context, Values } from './context.ts'

/** The values of a request: a GET without data, a POST with data. A body that is JSON is sent as text (yandex.md V-11 to V-17). */
export function requestValues(context: Context, values: Values, data: Buffer): Values {
  const method = data.length === 0 ? 'GET' : 'POST'
  const isJson = isText(data) && parseJson(data.toString()) !== undefined
  const content = {
    'Content-Length': String(data.length),
    'Content-Type': isJson ? 'application/json' : 'application/octet-stream',
  }
  return {
    method,
    operationId: toOperationId(method, '/pets/{id}'),
    ...headerValues(context, values, '/pets/7?a=1&a=2', data.length === 0 ? {} : content),
    ...bodyValues(data, isJson),
  }
}

/** The values of an opened WebSocket (yandex.md W-14). */
export function connectValues(context: Context, values: Values): Values {
  return websocketValues(context, values, 'GET', 'CONNECT', {})
}

/** The values of a message that came through a WebSocket (yandex.md W-14, W-15). */
export function messageValues(context: Context, values: Values, message: Buffer): Values {
  const messageId = context.newId()
  const own = {
    'Content-Type': isText(message) ? 'application/json' : 'application/octet-stream',
    'X-Yc-Apigateway-Websocket-Message-Id': messageId,
  }
  return {
    messageId,
    ...websocketValues(context, values, 'POST', 'MESSAGE', own),
    ...bodyValues(message, isText(message)),
  }
}

/** The values of a closed WebSocket (yandex.md W-14). */
export function disconnectValues(context: Context, values: Values, reason: Buffer): Values {
  const text = reason.toString()
  const own = {
    'X-Yc-Apigateway-Websocket-Disconnect-Reason': text,
    'X-Yc-Apigateway-Websocket-Disconnect-Status-Code': '1001',
  }
  return {
    reason: text === '' ? undefined : text,
    ...websocketValues(context, values, 'DELETE', 'DISCONNECT', own),
  }
}

/** Whether a gateway would answer this result of a function with a 502: one without a status (yandex.md W-12). */
export function failsGateway(result: Buffer | undefined): boolean {
  const value = parseJson(result?.toString() ?? '')
  return !isJsonObject(value) || value['statusCode'] === undefined || value['statusCode'] === null
}

/** Body of that 502. */
export const gatewayError = '{"message":"no statusCode provided by function"}'

type Headers = Readonly<Record<string, string>>

function websocketValues(
  context: Context,
  values: Values,
  method: string,
  eventType: string,
  own: Headers,
): Values {
  const connectionId = context.newId().replaceAll('-', '').slice(0, 16)
  const headers = {
    'X-Yc-Apigateway-Websocket-Connected-At': String(context.now),
    'X-Yc-Apigateway-Websocket-Connection-Id': connectionId,
    'X-Yc-Apigateway-Websocket-Event-Type': eventType,
    ...own,
  }
  return {
    connectionId,
    operationId: toOperationId(method, '/ws'),
    ...headerValues(context, values, '/ws', headers),
  }
}

// yandex.md W-11
function headerValues({ newId }: Context, { requestId }: Values, path: string, own: Headers): Values {
  const trace = newId().replaceAll('-', '')
  const headers = {
    Accept: '*/*',
    Host: 'gw.example.net',
    Traceparent: `00-${trace}-${trace.slice(0, 16)}-01`,
    Tracestate: '',
    'Uber-Trace-Id': `${trace}:${trace.slice(0, 16)}:0:1`,
    'User-Agent': 'curl/8.0',
    'X-Api-Gateway-Function-Id': 'd4efunction',
    'X-Envoy-External-Address': '203.0.113.10',
    'X-Envoy-Original-Path': path,
    'X-Forwarded-For': '203.0.113.10',
    'X-Forwarded-Proto': 'https',
    'X-Real-Remote-Address': '203.0.113.10:2816',
    'X-Request-Id': String(requestId),
    'X-Serverless-Certificate-Ids': '{}',
    'X-Serverless-Gateway-Id': 'd5dgateway',
    'X-Trace-Id': newId(),
    ...own,
  }
  const multiValueHeaders = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, [value]]),
  )
  return { headers, multiValueHeaders }
}

function bodyValues(body: Buffer, asText: boolean): Values {
  return { body: body.toString(asText ? 'utf8' : 'base64'), isBase64Encoded: !asText }
}

// W-7: 64 hexadecimal digits, always the same for an operation.
function toOperationId(method: string, path: string): string {
  return createHash('sha256').update(`${method} ${path}`).digest('hex')
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes)
}
