// Whom to tell of a job's end: its submitter's webhook, or the targets of asynchronous invocations. Owns nothing.

import type { SsrfGuard } from './ssrfGuard.ts'
import type { Work } from '../model/job.ts'
import type { Receiver } from './receiver.ts'
import type { Targets } from './sqs.ts'
import { webhookReceiver } from './webhook.ts'

/** Makes what finds the receiver of a job that has ended; it gives undefined where nobody is to be told. */
export function receivers(
  guard: SsrfGuard,
  targets: Pick<Targets, 'receiverOf'>,
): (job: Work) => Receiver | undefined {
  return (job) => {
    if (job.origin === 'async') return targets.receiverOf(job)
    return job.webhook === undefined ? undefined : webhookReceiver(job.webhook, guard)
  }
}
