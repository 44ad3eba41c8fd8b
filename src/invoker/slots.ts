// The slots of one instance: how many calls it may run at a time, and which calls have one. Owns both.

import type { Call } from '../invocation.ts'

/** As many slots as the instance may run calls at a time. */
export class Slots {
  /** how many there are; fewer than are taken when a script has asked for less */
  count: number
  /** by their ids */
  readonly running = new Map<string, Call>()
  /** jobs whose start is being stored */
  readonly starting = new Set<Call>()
  /** ended, but their callers have chunks to take before they are over: the instance runs others meanwhile */
  readonly unread = new Set<Call>()
  /** over, but what they wrote has not been read yet: only then may another one speak through the same pipes */
  readonly quieting = new Set<Call>()

  constructor(count: number) {
    this.count = count
  }

  /** Below 0 when there are fewer slots now than were taken before. */
  get free(): number {
    return this.count - this.#taken
  }

  get empty(): boolean {
    return this.#taken === 0
  }

  /** Whether the instance runs as many calls as it may: else it would start one more at once. */
  get full(): boolean {
    return this.running.size >= this.count
  }

  get #taken(): number {
    return this.running.size + this.unread.size + this.starting.size + this.quieting.size
  }
}
