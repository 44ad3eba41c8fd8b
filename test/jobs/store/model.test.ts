// Whatever is done in whatever order, the store agrees with the model, and states only transition as the table of transitions allows.

import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { transitions, type JobState } from '../../../src/jobs/model/job.ts'
import type { JobStore } from '../../../src/jobs/model/store.ts'
import { memoryStore } from '../../../src/jobs/store/sqlite/store.ts'
import { onChange, start } from './jobs.ts'
import { Model, type ModelJob } from './model.ts'
import { purge, step, type Step } from './steps.ts'

describe('a store of jobs', () => {
  it('agrees with the model about every job, the queue and the counters, whatever is done', async () => {
    const steps = fc.array(
      fc.oneof({ weight: 40, arbitrary: step }, { weight: 1, arbitrary: fc.constant(purge) }),
      {
        minLength: 20,
        maxLength: 80,
      },
    )
    await fc.assert(fc.asyncProperty(steps, agree), { numRuns: 30 })
  })
})

async function agree(steps: readonly Step[]): Promise<void> {
  const model = new Model()
  const store = memoryStore(() => start + model.now)
  const illegal: string[] = []
  watchTransitions(store, illegal)
  try {
    for (const take of steps) {
      await take(store, model)
      expect(await store.count()).toEqual(model.count())
    }
    for (const job of model.jobs) await compare(store, job)
    expect(illegal).toEqual([])
  } finally {
    await store.stop()
  }
}

async function compare(
  store: JobStore,
  { id, state, attempt, losses, nextIndex, chunks }: ModelJob,
): Promise<void> {
  const found = await store.find(id)
  if (state === 'removed') expect(found).toBeUndefined()
  else expect(found).toMatchObject({ state, attempt, losses, nextIndex })
  const page = await store.chunks(id, 0, 1_000_000)
  expect(page.chunks.map(({ json }) => String(json))).toEqual(chunks)
  expect(page.chunks.map(({ index }) => index)).toEqual(chunks.map((_, n) => nextIndex - chunks.length + n))
}

function watchTransitions(store: JobStore, illegal: string[]): void {
  const states = new Map<string, JobState>()
  onChange(store, ({ id, state }) => {
    const from = states.get(id)
    if (state === from) return
    const allowed: readonly JobState[] = from === undefined ? ['IN_QUEUE'] : transitions[from]
    if (!allowed.includes(state)) illegal.push(`${from} → ${state}`)
    states.set(id, state)
  })
}
