// A call as frames: what starts it, and what the frame that ends it means for its caller.

import { Fault } from '../errors.ts'
import type { Call, Outcome } from '../invocation.ts'
import { ProtocolError, type FrameFromInstance, type FrameToInstance, type JobEnd } from '../wire/frames.ts'
import type { CallLimits } from './instanceSpec.ts'

/** Frames that end a call: the last ones of it. */
export type LastFrame = Extract<FrameFromInstance, { type: 'returned' | 'oversized' | 'threw' | 'ended' }>

/** Frames that belong to one call. */
export type CallFrame = LastFrame | Extract<FrameFromInstance, { type: 'chunk' | 'cancelling' | 'progress' }>

/** The frame that starts a call. Its deadline and its token count from now on (yandex.md C-7). */
export function toInvoke({ id, mode, text, job }: Call, limits: CallLimits): FrameToInstance {
  return {
    type: 'invoke',
    id,
    mode,
    deadlineMs: Date.now() + (job?.timeoutMs ?? limits.timeoutMs),
    responseLimit: job?.resultLimit ?? limits.responseLimit,
    token: limits.tokens?.current(),
    text: text?.length,
  }
}

/** The frame that sends a call ahead. */
export function toInvokeAhead({ id, mode, text }: Call, limits: CallLimits): FrameToInstance {
  const { timeoutMs, responseLimit } = limits
  const token = limits.tokens?.current()
  return { type: 'invoke', id, mode, timeoutMs, responseLimit, ahead: true, token, text: text?.length }
}

/**
 * The outcome that a frame tells.
 * @param responseLimit bytes, for a call that is no job's
 * @throws ProtocolError when a text is longer than its frame
 */
export function toOutcome(frame: LastFrame, body: Buffer, { job }: Call, responseLimit: number): Outcome {
  switch (frame.type) {
    case 'returned':
      return toReturned(frame, body)
    case 'oversized': {
      // A caller is told what the cloud tells (yandex.md F-6); the reader of a job learns how far off its result was (jobs.md LIM-1).
      const message =
        job === undefined
          ? `response entity is larger than limits (${responseLimit})`
          : `a result of ${frame.size} bytes is larger than the limit of ${job.resultLimit} bytes`
      return { type: 'failed', fault: new Fault('response_too_large', message) }
    }
    case 'threw':
      return { type: 'threw', error: frame.error }
    case 'ended':
      return { type: 'streamed', aggregate: frame.aggregate, ...toJobEnd(frame) }
    default:
      return frame satisfies never
  }
}

function toReturned(frame: Extract<LastFrame, { type: 'returned' }>, body: Buffer): Outcome {
  const { text, error, refresh } = frame
  if (text === undefined && error === undefined && refresh === undefined)
    return { type: 'returned', json: frame.undefined ? undefined : body }
  return { type: 'returned', ...toValue(frame, body), ...toJobEnd(frame) }
}

function toValue(
  frame: Extract<LastFrame, { type: 'returned' }>,
  body: Buffer,
): { json: Buffer | undefined; text?: Buffer } {
  if (frame.undefined) return { json: undefined }
  if (frame.text === undefined) return { json: body }
  const end = body.length - frame.text
  if (frame.text < 0 || end < 0) throw new ProtocolError('a text is longer than its frame')
  return { json: body.subarray(0, end), text: body.subarray(end) }
}

function toJobEnd({ error, refresh }: JobEnd): JobEnd {
  return { ...(error === undefined ? {} : { error }), ...(refresh === undefined ? {} : { refresh }) }
}

/** The caller has gone, or has stopped its job. */
export const clientGone = {
  type: 'failed',
  fault: new Fault('client_gone', 'request cancelled'),
} as const satisfies Outcome

/** The start of a job's call was refused by the store. */
export const notWanted: Outcome = {
  type: 'failed',
  fault: new Fault('client_gone', 'the job is not wanted any more'),
}

/** The deadline has passed. */
export const timedOut: Outcome = {
  type: 'failed',
  fault: new Fault('timeout', 'Execution timeout exceeded'),
}
