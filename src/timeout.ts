// A wait with a time limit.

/** Waits for a promise that never rejects, for `ms` milliseconds at most. */
export async function within(ms: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((settle) => (timer = setTimeout(settle, ms)))
  await Promise.race([done, late])
  clearTimeout(timer)
}
