// The events that triggers and gateways of the cloud send to a function, made from a little data: one row for each
// (yandex.md §16, §17).

import { isJsonObject, parseJson, type JsonObject } from '../../json/json.ts'
import {
  toGateway01Event,
  toGateway10Event,
  toGateway20Event,
  toWebsocketConnectEvent,
  toWebsocketDisconnectEvent,
  toWebsocketMessageEvent,
} from './gateways.ts'
import type { Occasion } from './context.ts'
import {
  toBudgetEvent,
  toContainerRegistryEvent,
  toDataStreamsEvent,
  toIotBrokerEvent,
  toIotCoreEvent,
  toLoggingEvent,
  toMailEvent,
  toMessageQueueEvent,
  toObjectStorageEvent,
  toTelegramEvent,
  toTimerEvent,
} from './triggers.ts'

/** An event, or why the data does not make one. */
export type MadeEvent =
  { readonly type: 'made'; readonly event: object } | { readonly type: 'unusable'; readonly problem: string }

/**
 * Makes the event that a trigger or gateway would send.
 * @param data what the row says; without it the event is the sample of the cloud's documentation
 */
export function toTriggerEvent(name: TriggerName, data: Buffer | undefined, occasion: Occasion): MadeEvent {
  return triggers[name].make(data, occasion)
}

interface Row {
  /** what the data is, in a few words */
  readonly data: string
  readonly make: (data: Buffer | undefined, occasion: Occasion) => MadeEvent
}

function ofBytes(data: string, toEvent: (occasion: Occasion, bytes?: Buffer) => object): Row {
  return { data, make: (bytes, occasion) => made(toEvent(occasion, bytes)) }
}

function ofText(data: string, toEvent: (occasion: Occasion, text?: string) => object): Row {
  return ofBytes(data, (occasion, bytes) => toEvent(occasion, bytes?.toString()))
}

function ofObject(data: string, toEvent: (occasion: Occasion, object?: JsonObject) => object): Row {
  return ofJson(data, 'must be a JSON object', (occasion, value) =>
    value === undefined || isJsonObject(value) ? toEvent(occasion, value) : undefined,
  )
}

function ofRecords(data: string, toEvent: (occasion: Occasion, records?: readonly unknown[]) => object): Row {
  return ofJson(data, 'must be JSON', (occasion, value) =>
    toEvent(occasion, value === undefined || Array.isArray(value) ? value : [value]),
  )
}

function ofNothing(toEvent: (occasion: Occasion) => object): Row {
  const make: Row['make'] = (bytes, occasion) =>
    bytes === undefined ? made(toEvent(occasion)) : unusable('must be left out')
  return { data: 'nothing', make }
}

// `toEvent` gives undefined for a value that it has no use for.
function ofJson(
  data: string,
  demand: string,
  toEvent: (occasion: Occasion, value: unknown) => object | undefined,
): Row {
  return {
    data,
    make: (bytes, occasion) => {
      const value = bytes === undefined ? undefined : parseJson(bytes.toString())
      const isJson = bytes === undefined || value !== undefined
      const event = isJson ? toEvent(occasion, value) : undefined
      return event === undefined ? unusable(demand) : made(event)
    },
  }
}

function made(event: object): MadeEvent {
  return { type: 'made', event }
}

function unusable(problem: string): MadeEvent {
  return { type: 'unusable', problem }
}

/** Name → what the data is, and how the event is made of it. */
export const triggers = {
  'api-gateway-0.1': ofBytes('the body of the request', toGateway01Event),
  'api-gateway-1.0': ofBytes('the body of the request', toGateway10Event),
  'api-gateway-2.0': ofBytes('the body of the request', toGateway20Event),
  'websocket-connect': ofNothing(toWebsocketConnectEvent),
  'websocket-message': ofBytes('the message: text, or binary when it is not UTF-8', toWebsocketMessageEvent),
  'websocket-disconnect': ofText('the reason', toWebsocketDisconnectEvent),
  timer: ofText('the payload', toTimerEvent),
  'message-queue': ofText('the body of the message', toMessageQueueEvent),
  'object-storage': ofText('the id of the object', toObjectStorageEvent),
  'container-registry': ofObject('a JSON object, laid over the details', toContainerRegistryEvent),
  'iot-core': ofBytes('the payload, sent in base64', toIotCoreEvent),
  'iot-broker': ofBytes('the payload, sent in base64', toIotBrokerEvent),
  logging: ofText('the text of the log line', toLoggingEvent),
  'data-streams': ofRecords('a JSON array of records, or one record', toDataStreamsEvent),
  budget: ofObject('a JSON object, laid over the message', toBudgetEvent),
  mail: ofText('the text of the mail', toMailEvent),
  telegram: ofObject('the Update of the Bot API, in JSON', toTelegramEvent),
} as const satisfies Record<string, Row>

/** Name of an event simulator: the keys of the samples in yandex.md §16 and §17. */
export type TriggerName = keyof typeof triggers

/** All names, in the order of yandex.md. */
export const triggerNames = Object.keys(triggers) as readonly TriggerName[] // the keys of that very object

/** Whether a text names a simulator. */
export function isTriggerName(name: string): name is TriggerName {
  return Object.hasOwn(triggers, name)
}
