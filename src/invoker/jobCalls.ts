// What calls of jobs need besides: their start is stored before it is made, and their stop has grace periods (jobs.md CTL-3).
// Owns nothing; the timer is the call's.

import type { Call } from '../invocation.ts'

/** Starts a job's call once its caller has agreed, which the store has to write. */
export async function startWhenWanted(
  call: Call,
  instance: string,
  onWanted: (call: Call) => void,
  onUnwanted: (call: Call) => void,
): Promise<void> {
  const isWanted = (await call.caller.onStart?.(call, instance)) ?? true
  if (isWanted && !call.cancelled) onWanted(call)
  else onUnwanted(call)
}

/** The handler was told to stop: calls `onUnstoppable` when it has not heard of that in time. */
export function awaitHearing(call: Call, onUnstoppable: (heard: boolean) => void): void {
  clearTimeout(call.timer)
  call.timer = setTimeout(onUnstoppable, hearingMs, false)
}

/** The handler has heard: calls `onUnstoppable` when it has not ended in time. */
export function awaitEnding(call: Call, onUnstoppable: (heard: boolean) => void): void {
  clearTimeout(call.timer)
  call.timer = setTimeout(onUnstoppable, endingMs, true)
}

const hearingMs = 500
const endingMs = 5000
