// The events that triggers and gateways of the cloud send to a function (yandex.md §16, §17): the samples of events.json, filled
// with the user's data.

import { createHash } from 'node:crypto'
import { isJsonObject, parseJson } from '../../json/json.ts'
import { contextValues, fill, type Context, type Values } from './context.ts'
import samples from './events.json' with { type: 'json' }
import { connectValues, disconnectValues, messageValues, requestValues } from './gateways.ts'

/** Name of a sample: the keys in yandex.md §16 and §17, and two more. */
export type TriggerName = keyof typeof samples

/** Name → the sample: what its data is, and the event. */
export const triggers: Readonly<Record<TriggerName, Sample>> = samples as Record<TriggerName, Sample> // its kinds are texts

/** All names, in the order of yandex.md. */
export const triggerNames = Object.keys(samples) as readonly TriggerName[] // the keys of that very object

/** Whether a text is the name of a sample. */
export function isTriggerName(name: string): name is TriggerName {
  return Object.hasOwn(samples, name)
}

/**
 * Makes the event that a trigger or gateway would send.
 * @param data what the sample says; without it the event is the one of the cloud's documentation
 * @returns the event, or a text that says why the data makes none
 */
export function toTriggerEvent(
  name: TriggerName,
  data: Buffer | undefined,
  context: Context,
): object | string {
  const { kind, sample = '', event } = triggers[name]
  const values = contextValues(context)
  const own = toValues[kind](data, fill(sample, values), values, context)
  return typeof own === 'string' ? own : (fill(event, { ...values, ...own }) as object) // every event is one
}

interface Sample {
  /** what the data is, in a few words */
  readonly data: string
  readonly kind: keyof typeof toValues
  /** the data of the cloud's documentation */
  readonly sample?: unknown
  readonly event: unknown
}

// The values that the data adds, or the reason why it is unusable.
type ToValues = (
  data: Buffer | undefined,
  sample: unknown,
  values: Values,
  context: Context,
) => Values | string

// Kind of a sample → what becomes of its data.
const toValues = {
  text: (data, sample) => {
    const bytes = data ?? Buffer.from(String(sample))
    return { data: bytes.toString(), md5: createHash('md5').update(bytes).digest('hex') }
  },
  base64: (data, sample) => ({ data: (data ?? Buffer.from(String(sample))).toString('base64') }),
  object: (data, sample) => ofJson(data, sample, isJsonObject, 'must be a JSON object'),
  overlay: (data, sample) => {
    const own = ofJson(data, sample, isJsonObject, 'must be a JSON object')
    if (typeof own === 'string') return own
    return { data: { ...(sample as object), ...(own.data as object) } } // both are JSON objects
  },
  records: (data, sample) => {
    const own = ofJson(data, sample, (value) => value !== undefined, 'must be JSON')
    return typeof own === 'string' ? own : { data: [own.data].flat(1) }
  },
  request: (data = nothing, _, values, context) => requestValues(context, values, data),
  connect: (data, _, values, context) =>
    data === undefined ? connectValues(context, values) : 'must be left out',
  message: (data, sample, values, context) =>
    messageValues(context, values, data ?? Buffer.from(String(sample))),
  disconnect: (data = nothing, _, values, context) => disconnectValues(context, values, data),
} as const satisfies Record<string, ToValues>

function ofJson(
  data: Buffer | undefined,
  sample: unknown,
  isUsable: (value: unknown) => boolean,
  demand: string,
): { readonly data: unknown } | string {
  if (data === undefined) return { data: sample }
  const value = parseJson(data.toString())
  return isUsable(value) ? { data: value } : demand
}

const nothing = Buffer.alloc(0)
