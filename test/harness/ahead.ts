// Calls that are sent ahead to the instances of this process: which they are, and how long they stay ahead.

import { CallsAhead } from '../../src/invoker/callsAhead.ts'
import { InstanceCalls } from '../../src/invoker/instanceCalls.ts'
import { Channel } from '../../src/wire/channel.ts'

/** A moment in the life of a call that is sent ahead. */
export type AheadMoment = 'sent' | 'recall' | 'recalled'

/** Watches every instance of this process; disposing of it ends that. */
export interface AheadWatch extends Disposable {
  /** ids of the calls that were sent ahead, in order */
  readonly sent: readonly string[]
  /** The action runs within the next such moment, once. */
  on: (moment: AheadMoment, action: () => void) => void
}

/** @param stay whether each call counts as short, however long it takes: then the calls behind it stay ahead */
export function watchAhead(stay: boolean): AheadWatch {
  const sent: string[] = []
  const waiting = new Map<AheadMoment, () => void>()
  const reach = (moment: AheadMoment): void => {
    const action = waiting.get(moment)
    waiting.delete(moment)
    action?.()
  }
  const restore = [
    wrap(
      Channel.prototype,
      'send',
      (original) =>
        function (this: Channel, ...[frame, ...rest]) {
          const done = original.call(this, frame, ...rest)
          if (frame.type === 'recall') reach('recall')
          if (frame.type !== 'invoke' || frame.ahead !== true) return done
          sent.push(frame.id)
          reach('sent')
          return done
        },
    ),
    wrap(
      InstanceCalls.prototype,
      'recalled',
      (original) =>
        function (this: InstanceCalls) {
          original.call(this)
          reach('recalled')
        },
    ),
  ]
  if (stay)
    restore.push(
      wrap(
        CallsAhead.prototype,
        'noteBegun',
        (original) =>
          function (this: CallsAhead, now) {
            original.call(this, now + anHourMs)
          },
      ),
    )
  return {
    sent,
    on: (moment, action) => void waiting.set(moment, action),
    [Symbol.dispose]: () => restore.forEach((each) => each()),
  }
}

// Puts another method in the place of one; returns what undoes it.
function wrap<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  make: (original: T[K]) => T[K],
): () => void {
  const original = prototype[name]
  prototype[name] = make(original)
  return () => void (prototype[name] = original)
}

const anHourMs = 3_600_000
