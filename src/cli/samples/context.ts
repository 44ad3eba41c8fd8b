// What makes one simulated event another than the last: time and ids, given from outside.

/** What is new in every event. */
export interface Occasion {
  /** epoch milliseconds */
  readonly now: number
  /** gives a new UUID with each call */
  readonly newId: () => string
}
