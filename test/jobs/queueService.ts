// An SQS-compatible service on 127.0.0.1, as far as sending goes: it speaks the JSON protocol to the real client.

import { createHash } from 'node:crypto'
import { webhookServer, type Received } from './webhookServer.ts'

/** A message as the service has got it. */
export interface QueueMessage {
  readonly QueueUrl: string
  readonly MessageBody: string
  readonly MessageGroupId?: string
  readonly MessageDeduplicationId?: string
}

/** A running service; disposing of it closes it. */
export interface QueueService extends AsyncDisposable {
  /** URL of a queue */
  readonly queue: (name: string) => string
  readonly messages: () => readonly QueueMessage[]
  /** what came in over HTTP */
  readonly received: readonly Received[]
}

/** @param answer how it answers each message; undefined: well */
export async function queueService(answer?: 'error' | 'never'): Promise<QueueService> {
  const server = await webhookServer((response, count) => {
    if (answer === 'never') return
    const { MessageBody } = toMessage(server.received[count - 1])
    const md5 = createHash('md5').update(MessageBody).digest('hex')
    const body = answer === undefined ? { MessageId: `m-${count}`, MD5OfMessageBody: md5 } : failure
    response.writeHead(answer === undefined ? 200 : 403, { 'Content-Type': 'application/x-amz-json-1.0' })
    response.end(JSON.stringify(body))
  })
  return {
    queue: (name) => `${server.url}/b1g8ad42m6he1ooql78r/dj6000000000/${name}`,
    messages: () => server.received.map(toMessage),
    received: server.received,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function toMessage(received: Received | undefined): QueueMessage {
  return JSON.parse(received?.body ?? 'null') as QueueMessage // the client makes nothing else
}

// Like the real one, it quotes what was signed.
const failure = {
  __type: 'com.amazonaws.sqs#SignatureDoesNotMatch',
  message: 'The canonical string should have been: x-amz-security-token:hush',
}
