// Events of API gateways, one function for each form (yandex.md §16): `GET /pets/{id}`, called as `/pets/7?a=1&a=2`, and a
// WebSocket at `/ws`. And what a gateway makes of a result without a status.

import { createHash } from 'node:crypto'
import { isJsonObject, parseJson } from '../../json/json.ts'
import { toRequestTime } from '../../event/httpEvent.ts'
import type { Occasion } from './context.ts'

/** Form 0.1, the default (yandex.md W-1 to W-10). */
export function toGateway01Event(occasion: Occasion, data?: Buffer): object {
  const { httpMethod, headers, requestContext, ...body } = toCall(occasion, data)
  return {
    httpMethod,
    url: calledPath,
    path: declaredPath,
    ...toHeaderMaps(headers),
    ...query,
    pathParams: pathParameters,
    params: parameters,
    multiValueParams: multiValueParameters,
    requestContext,
    ...body,
  }
}

/** Form 1.0. */
export function toGateway10Event(occasion: Occasion, data?: Buffer): object {
  const { httpMethod, headers, requestContext, ...body } = toCall(occasion, data)
  return {
    version: '1.0',
    resource: declaredPath,
    path: calledPath,
    httpMethod,
    ...toHeaderMaps(headers),
    ...query,
    pathParameters,
    parameters,
    multiValueParameters,
    operationId: toOperationId(httpMethod, declaredPath),
    requestContext,
    ...body,
  }
}

/** Form 2.0. */
export function toGateway20Event(occasion: Occasion, data?: Buffer): object {
  const { httpMethod, headers, requestContext, ...body } = toCall(occasion, data)
  const { identity, requestId, requestTime, requestTimeEpoch, apiGateway } = requestContext
  return {
    version: '2.0',
    rawPath: calledPath,
    rawQueryString,
    headers,
    queryStringParameters: { a: '1,2' },
    pathParameters,
    parameters,
    multiValueParameters,
    operationId: toOperationId(httpMethod, declaredPath),
    requestContext: {
      authorizer: {},
      http: { method: httpMethod, path: calledTarget, ...identity },
      requestId,
      time: requestTime,
      timeEpoch: requestTimeEpoch,
      apiGateway,
    },
    ...body,
  }
}

/** A WebSocket opens (yandex.md W-14). */
export function toWebsocketConnectEvent(occasion: Occasion): object {
  const event = toWebsocketEvent(occasion, 'GET', 'CONNECT', {}, {})
  return { httpMethod: 'GET', ...event, queryStringParameters: {}, multiValueQueryStringParameters: {} }
}

/** A message has come through a WebSocket (yandex.md W-14, W-15). */
export function toWebsocketMessageEvent(occasion: Occasion, message: Buffer = sampleMessage): object {
  const messageId = occasion.newId()
  const plain = isText(message)
  const event = toWebsocketEvent(
    occasion,
    'POST',
    'MESSAGE',
    { messageId },
    {
      'Content-Type': plain ? 'application/json' : 'application/octet-stream',
      'X-Yc-Apigateway-Websocket-Message-Id': messageId,
    },
  )
  return { ...event, body: message.toString(plain ? 'utf8' : 'base64'), isBase64Encoded: !plain }
}

/** A WebSocket is closed (yandex.md W-14). */
export function toWebsocketDisconnectEvent(occasion: Occasion, reason = ''): object {
  return toWebsocketEvent(
    occasion,
    'DELETE',
    'DISCONNECT',
    { disconnectStatusCode: 1001, ...(reason === '' ? {} : { disconnectReason: reason }) },
    {
      'X-Yc-Apigateway-Websocket-Disconnect-Reason': reason,
      'X-Yc-Apigateway-Websocket-Disconnect-Status-Code': '1001',
    },
  )
}

/** Whether a gateway would refuse this result of a function: one without a status (yandex.md W-12). */
export function isRefusedByGateway(result: Buffer | undefined): boolean {
  const value = parseJson(result?.toString() ?? '')
  return !isJsonObject(value) || value['statusCode'] === undefined || value['statusCode'] === null
}

/** Body of the 502 with which a gateway refuses it. */
export const gatewayRefusal = '{"message":"no statusCode provided by function"}'

interface Call {
  readonly httpMethod: string
  readonly headers: Headers
  readonly requestContext: ReturnType<typeof toRequestContext> & { readonly apiGateway: object }
  readonly body: string
  readonly isBase64Encoded: boolean
}

type Headers = Readonly<Record<string, string>>

// A request without data is a GET, with data a POST. A body that is JSON is sent as such (yandex.md V-11, V-15, V-17).
function toCall(occasion: Occasion, data: Buffer = Buffer.alloc(0)): Call {
  const httpMethod = data.length === 0 ? 'GET' : 'POST'
  const requestContext = toRequestContext(occasion, httpMethod)
  const isJson = isText(data) && parseJson(data.toString()) !== undefined
  const content = {
    'Content-Length': String(data.length),
    'Content-Type': isJson ? 'application/json' : 'application/octet-stream',
  }
  return {
    httpMethod,
    headers: {
      ...toGatewayHeaders(occasion, requestContext.requestId, calledTarget),
      ...(data.length === 0 ? {} : content),
    },
    requestContext: { ...requestContext, apiGateway: { operationContext: {} } },
    body: data.toString(isJson ? 'utf8' : 'base64'),
    isBase64Encoded: !isJson,
  }
}

function toRequestContext({ now, newId }: Occasion, httpMethod: string) {
  return {
    identity: { sourceIp, userAgent },
    httpMethod,
    requestId: newId(),
    requestTime: toRequestTime(now),
    requestTimeEpoch: Math.floor(now / 1000),
  }
}

function toWebsocketEvent(
  occasion: Occasion,
  method: string,
  eventType: string,
  context: object,
  ownHeaders: Headers,
): object {
  const { now, newId } = occasion
  const connectionId = newId().replaceAll('-', '').slice(0, 16)
  const requestContext = toRequestContext(occasion, method)
  const headers = {
    ...toGatewayHeaders(occasion, requestContext.requestId, websocketPath),
    'X-Yc-Apigateway-Websocket-Connected-At': String(now),
    'X-Yc-Apigateway-Websocket-Connection-Id': connectionId,
    'X-Yc-Apigateway-Websocket-Event-Type': eventType,
    ...ownHeaders,
  }
  return {
    resource: websocketPath,
    path: websocketPath,
    pathParameters: {},
    ...toHeaderMaps(headers),
    parameters: {},
    multiValueParameters: {},
    requestContext: { ...requestContext, connectionId, connectedAt: now, eventType, ...context },
    operationId: toOperationId(method, websocketPath),
  }
}

// yandex.md W-11
function toGatewayHeaders({ newId }: Occasion, requestId: string, path: string): Headers {
  const trace = newId().replaceAll('-', '')
  return {
    Accept: '*/*',
    Host: 'gw.example.net',
    Traceparent: `00-${trace}-${trace.slice(0, 16)}-01`,
    Tracestate: '',
    'Uber-Trace-Id': `${trace}:${trace.slice(0, 16)}:0:1`,
    'User-Agent': userAgent,
    'X-Api-Gateway-Function-Id': 'd4efunction',
    'X-Envoy-External-Address': sourceIp,
    'X-Envoy-Original-Path': path,
    'X-Forwarded-For': sourceIp,
    'X-Forwarded-Proto': 'https',
    'X-Real-Remote-Address': `${sourceIp}:2816`,
    'X-Request-Id': requestId,
    'X-Serverless-Certificate-Ids': '{}',
    'X-Serverless-Gateway-Id': 'd5dgateway',
    'X-Trace-Id': newId(),
  }
}

function toHeaderMaps(headers: Headers): object {
  const lines = Object.entries(headers).map(([name, value]) => [name, [value]] as const)
  return { headers, multiValueHeaders: Object.fromEntries(lines) }
}

// W-7: 64 hexadecimal digits, always the same for an operation.
function toOperationId(method: string, path: string): string {
  return createHash('sha256').update(`${method} ${path}`).digest('hex')
}

function isText(bytes: Buffer): boolean {
  return Buffer.from(bytes.toString()).equals(bytes)
}

const sampleMessage = Buffer.from('{"email":"mail@example.com"}')
const sourceIp = '203.0.113.10'
const userAgent = 'curl/8.0'
const declaredPath = '/pets/{id}'
const calledPath = '/pets/7'
const websocketPath = '/ws'
const rawQueryString = 'a=1&a=2'
const calledTarget = `${calledPath}?${rawQueryString}`
const query = { queryStringParameters: { a: '2' }, multiValueQueryStringParameters: { a: ['1', '2'] } }
const pathParameters = { id: '7' }
const parameters = { id: '7', a: '2' }
const multiValueParameters = { id: ['7'], a: ['1', '2'] }
