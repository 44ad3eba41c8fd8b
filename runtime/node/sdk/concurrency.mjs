// How many jobs a program wants to run at a time (jobs.md W-13). Owns the current number.

import { describeThrown } from '../outcome.mjs'
import { write } from './log.mjs'

/** Asks the program's `concurrencyModifier`, if it has one. */
export class Concurrency {
  /** @readonly */ #modifier
  #current = 1
  #complained = false

  /** @param {unknown} modifier */
  constructor(modifier) {
    this.#modifier = modifier
  }

  /** The number that applies from now on; undefined where the program leaves it to the container. */
  ask() {
    if (typeof this.#modifier !== 'function') return undefined
    try {
      const wanted = Reflect.apply(this.#modifier, undefined, [this.#current])
      if (Number.isSafeInteger(wanted) && wanted >= 1) this.#current = wanted
      else
        this.#complain(
          `gave ${typeof wanted === 'number' ? wanted : `a value of type ${typeof wanted}`}, which is no whole number above 0`,
        )
    } catch (error) {
      this.#complain(`threw ${describeThrown(error).message}`)
    }
    return this.#current
  }

  /** @param {string} what */
  #complain(what) {
    if (!this.#complained) write('WARN', `concurrencyModifier ${what}; concurrency stays ${this.#current}`)
    this.#complained = true
  }
}
