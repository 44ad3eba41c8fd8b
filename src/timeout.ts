// A wait that has a bound. Owns nothing.

/** Waits until something is done, which never rejects, but no longer than so many milliseconds. */
export async function within(ms: number, done: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((settle) => (timer = setTimeout(settle, ms)))
  await Promise.race([done, late])
  clearTimeout(timer)
}
