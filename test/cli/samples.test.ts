// The simulated events against the samples of yandex.md §16 and §17, which samples.json holds as they are there.

import { describe, expect, test } from 'vitest'
import { failsGateway } from '../../src/cli/samples/gateways.ts'
import { toTriggerEvent, triggerNames, type TriggerName } from '../../src/cli/samples/samples.ts'
import samples from './samples.json' with { type: 'json' }

const now = Date.UTC(2023, 0, 4, 23, 46, 18, 785)

function eventOf(name: TriggerName, data?: string | Buffer): object {
  let ids = 0
  const newId = (): string => `6e8356f9-489b-4c7b-8ba6-${String(++ids).padStart(12, '0')}`
  const made = toTriggerEvent(name, data === undefined ? undefined : Buffer.from(data), { now, newId })
  if (typeof made === 'string') throw new Error(made)
  return made
}

function detailsOf(name: TriggerName, data?: string | Buffer): unknown {
  const { messages } = eventOf(name, data) as { messages: readonly { details?: unknown }[] } // all these have messages
  return messages[0]?.details ?? messages[0]
}

// Keys and types, without the values that change. Of headers the samples show a few only, and only they are kept.
function shapeOf(value: unknown, sample: unknown): unknown {
  if (Array.isArray(value))
    return value.map((each, at) => shapeOf(each, (sample as unknown[] | undefined)?.[at])) // compared pairwise
  if (typeof value !== 'object' || value === null) return value === null ? null : typeof value
  const known = sample as Record<string, unknown> | undefined // a sample has the same form or the test fails
  return Object.fromEntries(
    Object.entries(value).map(([key, part]) => [
      key,
      /headers$/i.test(key) && typeof part === 'object' && known !== undefined && !Array.isArray(part)
        ? shapeOf(pick(part, Object.keys((known[key] as object | undefined) ?? {})), known[key])
        : shapeOf(part, known?.[key]),
    ]),
  )
}

function pick(value: object | null, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => keys.includes(key)))
}

describe('the event of each trigger and gateway (TV-55)', () => {
  const whole = Object.entries(samples).filter(([name]) => !/^websocket-(message|disconnect)$/.test(name))

  test.each(whole)('%s has the keys and types of its sample', (name, sample) => {
    expect(shapeOf(eventOf(name as TriggerName), sample)).toEqual(shapeOf(sample, sample)) // the keys of the samples
  })

  test('W-14 · websocket-message and -disconnect differ from websocket-connect as the samples do', () => {
    const common = {
      resource: '/ws',
      path: '/ws',
      pathParameters: {},
      parameters: {},
      multiValueParameters: {},
      operationId: expect.stringMatching(/^[0-9a-f]{64}$/),
    }
    const message = eventOf('websocket-message')
    expect(message).toMatchObject({ ...common, body: '{"email":"mail@example.com"}', isBase64Encoded: false })
    expect(message).toMatchObject({
      requestContext: { httpMethod: 'POST', eventType: 'MESSAGE', connectedAt: now },
      headers: { 'X-Yc-Apigateway-Websocket-Event-Type': 'MESSAGE' },
    })
    expect(eventOf('websocket-disconnect', 'bye')).toMatchObject({
      ...common,
      requestContext: {
        httpMethod: 'DELETE',
        eventType: 'DISCONNECT',
        disconnectStatusCode: 1001,
        disconnectReason: 'bye',
      },
    })
    for (const name of ['websocket-message', 'websocket-disconnect'] as const)
      for (const key of ['httpMethod', 'version', 'queryStringParameters', 'multiValueQueryStringParameters'])
        expect(eventOf(name)).not.toHaveProperty(key)
    expect(eventOf('websocket-disconnect')).not.toHaveProperty('body')
  })

  test('there is one for every sample, for brokers, and for Telegram', () => {
    expect(new Set(triggerNames)).toEqual(new Set([...Object.keys(samples), 'iot-broker', 'telegram']))
  })
})

describe('the data', () => {
  test('J-4 · timer: the payload, and the time', () => {
    expect(detailsOf('timer', 'tick')).toMatchObject({ payload: 'tick' })
    expect(JSON.stringify(eventOf('timer'))).toContain('"created_at":"2023-01-04T23:46:18.785Z"')
  })

  test('J-5 · message-queue: the body, its real MD5, and the ids and times that are the same', () => {
    expect(eventOf('message-queue', 'text')).toMatchObject({
      messages: [
        {
          event_metadata: { event_id: '6e8356f9-489b-4c7b-8ba6-000000000001' },
          details: {
            message: {
              message_id: '6e8356f9-489b-4c7b-8ba6-000000000001',
              md5_of_body: '1cb251ec0d568de6a929b520c4aed8d1',
              body: 'text',
              attributes: { SentTimestamp: String(now) },
              md5_of_message_attributes: '19c000f8d6fe130452f0fb13ecf144d2',
            },
          },
        },
      ],
    })
  })

  test('J-6 · object-storage: the id of the object', () => {
    expect(detailsOf('object-storage', 'a/b.txt')).toEqual({ bucket_id: 'my-bucket', object_id: 'a/b.txt' })
  })

  test('J-7, J-11 · container-registry, budget: members laid over the sample', () => {
    expect(detailsOf('container-registry', '{"tag": "v2"}')).toMatchObject({
      tag: 'v2',
      image_id: 'crti2c9b',
    })
    expect(detailsOf('budget', '{"amount": 1}')).toMatchObject({ amount: 1, currency: 'RUB' })
  })

  test('is not filled in again, and __proto__ is a member like any other', () => {
    expect(detailsOf('timer', '${now} ${id}')).toMatchObject({ payload: '${now} ${id}' })
    expect(JSON.stringify(detailsOf('budget', '{"__proto__": {"a": 1}, "budget_id": "${now}"}'))).toMatch(
      /"budget_id":"\$\{now\}".*"__proto__":\{"a":1\}/,
    )
  })

  test('J-8 · iot-core, iot-broker: the payload in base64; a broker in place of registry and device', () => {
    const payload = Buffer.from([0xff, 0x00])
    expect(detailsOf('iot-core', payload)).toMatchObject({ device_id: 'aredevice', payload: '/wA=' })
    const broker = detailsOf('iot-broker', payload)
    expect(broker).toEqual({ broker_id: 'arebroker', mqtt_topic: 'my/topic', payload: '/wA=' })
  })

  test('J-9 · logging: the text of the line; the time in two parts', () => {
    expect(eventOf('logging', 'oops')).toMatchObject({
      messages: [
        {
          event_metadata: { created_at: { seconds: 1_672_875_978, nanos: 785_000_000 } },
          details: { messages: [{ message: 'oops', timestamp: '2023-01-04 23:46:18.785 +0000 UTC' }] },
        },
      ],
    })
  })

  test('J-10 · data-streams: the records themselves', () => {
    expect(eventOf('data-streams', '[{"a": 1}, 2]')).toEqual({ messages: [{ a: 1 }, 2] })
    expect(eventOf('data-streams', '{"a": 1}')).toEqual({ messages: [{ a: 1 }] })
  })

  test('J-11 · mail: the text', () => {
    expect(detailsOf('mail', 'hello')).toMatchObject({ message: 'hello' })
  })

  test('J-12 · telegram: the update, without an envelope', () => {
    expect(eventOf('telegram', '{"update_id": 7}')).toEqual({ update_id: 7 })
    expect(eventOf('telegram')).toMatchObject({ message: { text: 'hello' } })
  })

  test.each(['api-gateway-0.1', 'api-gateway-1.0', 'api-gateway-2.0'] as const)(
    'W-10 · %s: the body; JSON stays text',
    (name) => {
      expect(methodOf(eventOf(name))).toBe('GET')
      const json = eventOf(name, '{"a": 1}')
      expect(json).toMatchObject({
        body: '{"a": 1}',
        isBase64Encoded: false,
        headers: { 'Content-Type': 'application/json' },
      })
      expect(methodOf(json)).toBe('POST')
      expect(eventOf(name, 'text')).toMatchObject({ body: 'dGV4dA==', isBase64Encoded: true })
    },
  )

  test('W-15 · websocket-message: binary when it is not UTF-8', () => {
    expect(eventOf('websocket-message', Buffer.from([0xff]))).toMatchObject({
      body: '/w==',
      isBase64Encoded: true,
      headers: { 'Content-Type': 'application/octet-stream' },
    })
  })

  test.each([
    ['budget', '[1]', 'must be a JSON object'],
    ['container-registry', 'x', 'must be a JSON object'],
    ['telegram', '', 'must be a JSON object'],
    ['data-streams', '{', 'must be JSON'],
    ['websocket-connect', 'x', 'must be left out'],
  ] as const)('of %s is not %j', (name, data, problem) => {
    expect(() => eventOf(name, data)).toThrow(problem)
  })
})

function methodOf(event: object): unknown {
  if ('httpMethod' in event) return event.httpMethod
  const { requestContext } = event as { requestContext: { http: { method: string } } } // form 2.0
  return requestContext.http.method
}

describe('W-12 · a gateway', () => {
  test.each(['{}', '{"statusCode": null}', '"x"', 'null', 'no json', ''])('refuses %j', (result) => {
    expect(failsGateway(Buffer.from(result))).toBe(true)
  })

  test('refuses no value at all, and takes a status', () => {
    expect(failsGateway(undefined)).toBe(true)
    expect(failsGateway(Buffer.from('{"statusCode": 200}'))).toBe(false)
  })
})
