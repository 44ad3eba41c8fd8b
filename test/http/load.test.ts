import { describe, expect, it } from 'vitest'
import { bothLanguages, serve, type Serving } from '../harness/serving.ts'

// Both languages together: long where time does not matter, short at every other run.
const totalSeconds = Number(process.env['FNBOX_LOAD_SECONDS'] ?? (process.env['CI'] === 'true' ? 20 : 3))
const clients = 32

describe.each(bothLanguages)('a %s function with --instances 4 under load', (language) => {
  it('gives every caller its own answer', { timeout: (totalSeconds + 20) * 1000 }, async () => {
    await using serving = await serve(language, 'pings.handler', { instances: '4', concurrency: '1' })
    const until = performance.now() + (totalSeconds * 1000) / bothLanguages.length
    const counts = await Promise.all(
      Array.from({ length: clients }, (_, client) => callUntil(until, serving, client)),
    )
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(serving.pids).toHaveLength(4) // none had to be replaced
    expect(serving.app.invoker.inFlight).toBe(0)
    expect(serving.app.invoker.waiting).toBe(0)
  })
})

// Calls again and again, each time as somebody else. Returns how often.
async function callUntil(until: number, serving: Serving, client: number): Promise<number> {
  let calls = 0
  while (performance.now() < until) {
    const id = `${client}-${calls++}`
    const response = await fetch(`${serving.url}/?integration=raw`, {
      method: 'POST',
      body: JSON.stringify({ id, ms: calls % 4 }),
    })
    expect([response.status, await response.json()]).toEqual([200, { id }])
  }
  return calls
}
