import { describe, expect, it } from 'vitest'
import { eventually } from '../harness/calling.ts'
import { poolOf } from '../harness/pooled.ts'
import { bothLanguages, serve } from '../harness/serving.ts'

describe.each(bothLanguages)('the instances of a %s function', (language) => {
  it('that are provisioned are loaded before the first call (S-3)', async () => {
    await using serving = await serve(language, 'hostile.handler', { instances: '3', 'min-instances': '2' })
    await eventually(() => serving.app.invoker.status.idle === 2)
    expect(serving.pids).toHaveLength(2)
  })

  it('beyond --min-instances end when they have been idle for long, the others stay (S-4)', async () => {
    await using pooled = poolOf(language, { most: 3, least: 1, longestIdleMs: 20 })
    const { pool, events } = pooled
    const ended: (string | undefined)[] = []
    events.on('instance-gone', ({ cause }) => ended.push(cause?.type))
    pool.start()
    pool.want(3)
    await eventually(() => ended.length === 2)
    expect(ended).toEqual(['stopped', 'stopped'])
    expect(pool.countByState).toMatchObject({ loading: 0, idle: 1, busy: 0 })
  })

  it('all end after idleness with --min-instances 0, and come back when they are wanted', async () => {
    await using pooled = poolOf(language, { least: 0, longestIdleMs: 20 })
    const { pool, events } = pooled
    let ended = 0
    events.on('instance-gone', () => ended++)
    pool.start()
    pool.want(1)
    await eventually(() => ended === 1)
    expect(pool.status).toEqual({ status: 'ready', idle: 0, busy: 0 })
    pool.want(1)
    await eventually(() => ended === 2)
  })
})
