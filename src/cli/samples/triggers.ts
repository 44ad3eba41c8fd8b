// Events of triggers, one function for each kind (yandex.md §17). What does not come from the data or the occasion is
// the sample of the cloud's documentation.

import { createHash } from 'node:crypto'
import type { JsonObject } from '../../json/json.ts'
import type { Occasion } from './context.ts'

/** A timer has fired (yandex.md J-4). */
export function toTimerEvent({ now, newId }: Occasion, payload = 'my payload'): object {
  return oneMessage(
    {
      event_id: toCloudId('a1s', newId),
      event_type: 'yandex.cloud.events.serverless.triggers.TimerMessage',
      created_at: toIsoTime(now),
      ...owner,
    },
    { trigger_id: 'a1sfe084v4se4morbu2i', payload },
  )
}

/** A message has come into a queue (yandex.md J-5). */
export function toMessageQueueEvent({ now, newId }: Occasion, body = 'text'): object {
  const id = newId()
  return oneMessage(
    {
      event_id: id,
      event_type: 'yandex.cloud.events.messagequeue.QueueMessage',
      created_at: toIsoTime(now),
      tracing_context: null,
      ...owner,
    },
    {
      queue_id: 'yrn:yc:ymq:ru-central1:b1gfolder:my-queue',
      message: {
        message_id: id,
        md5_of_body: md5(Buffer.from(body)),
        body,
        attributes: {
          ApproximateFirstReceiveTimestamp: String(now),
          ApproximateReceiveCount: '1',
          SenderId: 'ajesender',
          SentTimestamp: String(now),
        },
        message_attributes: { Attempt: { data_type: 'Number', string_value: '1' } },
        md5_of_message_attributes: md5OfAttribute('Attempt', 'Number', '1'),
      },
    },
  )
}

/** An object was created in a bucket (yandex.md J-6). */
export function toObjectStorageEvent({ now, newId }: Occasion, objectId = 'dev/file.jpg'): object {
  return oneMessage(
    {
      event_id: newId(),
      event_type: 'yandex.cloud.events.storage.ObjectCreate',
      created_at: toIsoTime(now),
      tracing_context: newTrace(newId),
      ...owner,
    },
    { bucket_id: 'my-bucket', object_id: objectId },
  )
}

/** An image was pushed into a registry (yandex.md J-7). */
export function toContainerRegistryEvent({ now, newId }: Occasion, details: JsonObject = {}): object {
  return oneMessage(
    {
      event_id: toCloudId('crt', newId),
      event_type: 'yandex.cloud.events.containerregistry.CreateImage',
      created_at: toIsoTime(now),
      tracing_context: newTrace(newId),
      ...owner,
    },
    {
      image_digest: 'sha256:45f8',
      image_id: 'crti2c9b',
      registry_id: 'crt2504s',
      repository_name: 'crt2504s/ubuntu',
      tag: 'latest',
      ...details,
    },
  )
}

/** A device has sent something to its registry (yandex.md J-8). */
export function toIotCoreEvent(occasion: Occasion, payload: Buffer = samplePayload): object {
  const source = { registry_id: 'areregistry', device_id: 'aredevice' }
  return toIotEvent(occasion, { ...source, mqtt_topic: '$devices/aredevice/events' }, payload)
}

/** Somebody has published something at a broker (yandex.md J-8). */
export function toIotBrokerEvent(occasion: Occasion, payload: Buffer = samplePayload): object {
  return toIotEvent(occasion, { broker_id: 'arebroker', mqtt_topic: 'my/topic' }, payload)
}

function toIotEvent({ now, newId }: Occasion, source: object, payload: Buffer): object {
  return oneMessage(
    {
      event_id: newId(),
      event_type: 'yandex.cloud.events.iot.IoTMessage',
      created_at: toIsoTime(now),
    },
    { ...source, payload: payload.toString('base64') },
  )
}

/** A line was logged in a log group (yandex.md J-9). */
export function toLoggingEvent({ now, newId }: Occasion, message = 'a line'): object {
  return oneMessage(
    {
      event_id: newId(),
      event_type: 'yandex.cloud.events.serverless.triggers.LoggingMessageBatch',
      created_at: { seconds: Math.floor(now / 1000), nanos: (now % 1000) * 1_000_000 },
    },
    {
      messages: [
        {
          resource: { type: 'serverless.function', id: 'd4efunction' },
          timestamp: toGoTime(now),
          level: 'INFO',
          message,
          json_payload: { request_id: newId(), version_id: 'd4eversion' },
        },
      ],
    },
  )
}

/** Records of a stream, themselves (yandex.md J-10). */
export function toDataStreamsEvent(
  _: Occasion,
  records: readonly unknown[] = [{ key1: 'value1' }, { key2: 'value2' }],
): object {
  return { messages: records }
}

/** A budget has reached a threshold (yandex.md J-11). */
export function toBudgetEvent(_: Occasion, message: JsonObject = {}): object {
  const sample = {
    billing_account_id: 'a6qacc',
    budget_id: 'a62bud',
    budget_display_name: 'name',
    amount: 90_012,
    currency: 'RUB',
    period: '2021',
    budgeted_amount: 100_000,
    threshold_amount: 90_000,
    threshold_type: 'amount',
  }
  return { messages: [{ ...sample, ...message }] }
}

/** A mail has come (yandex.md J-11). */
export function toMailEvent({ now }: Occasion, message = '<div>hello</div>\r\n'): object {
  const headers = [
    { name: 'From', values: ['Jane Roe <jane@example.com>'] },
    { name: 'Received', values: ['by a', 'by b'] },
  ]
  const attachments = { bucket_id: 'my-bucket', keys: ['attachment-1'] }
  return { messages: [{ received_at: `${toGoTime(now)} m=+1.000000000`, headers, attachments, message }] }
}

/** An update of the Bot API, without an envelope (yandex.md J-12). */
export function toTelegramEvent({ now }: Occasion, update?: JsonObject): object {
  const user = { id: 1001, first_name: 'Jane', username: 'jane' }
  return (
    update ?? {
      update_id: 100_001,
      message: {
        message_id: 1,
        from: { ...user, is_bot: false },
        chat: { ...user, type: 'private' },
        date: Math.floor(now / 1000),
        text: 'hello',
      },
    }
  )
}

function oneMessage(metadata: object, details: object): object {
  return { messages: [{ event_metadata: metadata, details }] }
}

// 20 characters, as ids of the cloud have.
function toCloudId(prefix: string, newId: () => string): string {
  return (
    prefix +
    newId()
      .replaceAll('-', '')
      .slice(0, 20 - prefix.length)
  )
}

function newTrace(newId: () => string): object {
  return { trace_id: newId().replaceAll('-', '').slice(0, 16), span_id: '', parent_span_id: '' }
}

function toIsoTime(now: number): string {
  return new Date(now).toISOString()
}

/** As Go prints a time: `2021-09-02 18:29:17.118 +0000 UTC`. */
function toGoTime(now: number): string {
  return `${toIsoTime(now).replace('T', ' ').replace('Z', '')} +0000 UTC`
}

// The way of Amazon SQS, whose protocol the queue speaks: each part behind its length, a 1 for a text.
function md5OfAttribute(name: string, type: string, value: string): string {
  return md5(
    Buffer.concat([...behindLength(name), ...behindLength(type), Buffer.from([1]), ...behindLength(value)]),
  )
}

function behindLength(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return [length, bytes]
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}

const samplePayload = Buffer.from('Test 4')
const owner = { cloud_id: 'b1gcloud', folder_id: 'b1gfolder' }
