// The queues that hear of the ends of asynchronous invocations (jobs.md FN-6). Owns the clients of the queue service.

import type { SQSClient } from '@aws-sdk/client-sqs'
import { toFailureMessage, toSuccessMessage } from './asyncMessage.ts'
import type { JobWithInput } from '../model/job.ts'
import type { Receiver } from './receiver.ts'
import type { SqsSettings } from './sqsSettings.ts'

/** Success and failure target. The queue service's library is loaded with the first message. */
export class SqsTargets {
  readonly #settings: SqsSettings
  readonly #success: Receiver | undefined
  readonly #failure: Receiver | undefined
  readonly #clients = new Map<string, Promise<SQSClient>>()

  /** @param settings without problems */
  constructor(settings: SqsSettings) {
    const { success, failure } = settings
    this.#settings = settings
    this.#success = success === undefined ? undefined : this.#queue('success', success, toSuccessMessage)
    this.#failure = failure === undefined ? undefined : this.#queue('failure', failure, toFailureMessage)
  }

  /** The queue for a job that has ended; undefined: there is none. */
  receiverOf({ state }: Pick<JobWithInput, 'state'>): Receiver | undefined {
    return state === 'COMPLETED' ? this.#success : this.#failure
  }

  /** Closes the connections. May be called twice, or before anything was sent. */
  async stop(): Promise<void> {
    const clients = await Promise.all(this.#clients.values())
    for (const client of clients) client.destroy()
    this.#clients.clear()
  }

  #queue(kind: string, url: string, toMessage: (job: JobWithInput) => string): Receiver {
    const { origin, pathname } = new URL(url)
    return {
      name: `${kind} target ${origin}${pathname}`,
      send: async (job, signal) => {
        const { SendMessageCommand } = await sqs()
        const client = await this.#clientOf(origin)
        const message = { QueueUrl: url, MessageBody: toMessage(job), ...orderOf(job, pathname) }
        await client
          .send(new SendMessageCommand(message), { abortSignal: signal })
          .catch((error: unknown) => {
            throw new Error(toReason(error))
          })
      },
    }
  }

  #clientOf(origin: string): Promise<SQSClient> {
    const known = this.#clients.get(origin)
    if (known !== undefined) return known
    const made = this.#connect(origin)
    this.#clients.set(origin, made)
    return made
  }

  async #connect(endpoint: string): Promise<SQSClient> {
    const { SQSClient } = await sqs()
    const { region, credentials } = this.#settings
    return new SQSClient({
      endpoint,
      region,
      ...(credentials === undefined ? {} : { credentials }),
      maxAttempts: 1, // the deliverer attempts again
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    })
  }
}

// Those who name no target never load it.
const sqs = () => import('@aws-sdk/client-sqs')

// A FIFO queue wants to know what comes behind what; the ends of two invocations have no order.
function orderOf({ id, attempt }: JobWithInput, queue: string): object {
  return queue.endsWith('.fifo') ? { MessageGroupId: id, MessageDeduplicationId: `${id}-${attempt}` } : {}
}

// The service's own texts may quote what was signed, a session's token among it: its code says enough.
function toReason(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  const { httpStatusCode: status }: { readonly httpStatusCode?: unknown } =
    '$metadata' in error ? Object(error.$metadata) : {}
  if (typeof status === 'number') return `${error.name} (${status})`
  const code = 'code' in error ? ` (${String(error.code)})` : '' // with several addresses the message is empty
  return (error.message || error.name) + code
}
