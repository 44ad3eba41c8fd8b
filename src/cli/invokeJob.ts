// fnbox invoke of a script: one job without a server (jobs.md CLI-3). Chunks are printed as they come, or else the output.

import { randomUUID } from 'node:crypto'
import type { App } from '../app.ts'
import { Awaited, Call } from '../invocation.ts'
import { toDocument } from '../jobs/model/jobJson.ts'

/**
 * Runs one job with this input.
 * @returns the exit code: 0 completed, 1 failed, 2 timed out
 */
export async function invokeJob(
  app: App,
  input: Buffer,
  timeoutMs: number,
  print: (json: Buffer) => Promise<void>,
): Promise<number> {
  const id = randomUUID()
  const printing = new Awaited((_kind, data) => print(data))
  const call = new Call(
    {
      id,
      mode: 'job',
      payload: toDocument({ id, input }),
      job: {
        id,
        timeoutMs,
        resultLimit: Number.MAX_SAFE_INTEGER, // it is printed as it comes, and no file or answer holds it
        waitingSince: performance.now(),
        mayGrow: true,
        waitsForLoad: false,
        endsAtDeadline: false,
      },
    },
    printing,
  )
  let deadline: NodeJS.Timeout | undefined
  app.events.once('invocation-started', () => {
    deadline = setTimeout(() => call.cancel('deadline'), timeoutMs)
  })
  app.invoker.start(call)
  const outcome = await printing.outcome
  clearTimeout(deadline)
  if (call.cancelled) return complain(`executionTimeout of ${timeoutMs} ms exceeded`, 2)
  switch (outcome.type) {
    case 'returned':
      if (outcome.json !== undefined) await print(outcome.json)
      return outcome.error === undefined ? 0 : complain(outcome.error, 1)
    case 'streamed':
      return outcome.error === undefined ? 0 : complain(outcome.error, 1)
    case 'threw':
      return complain(outcome.error.errorMessage, 1)
    case 'failed':
      return complain(outcome.fault.message, 1)
    default:
      return outcome satisfies never
  }
}

function complain(text: string, code: number): number {
  process.stderr.write(`${text}\n`)
  return code
}
