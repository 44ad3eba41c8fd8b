import { describe, expect, it } from 'vitest'
import { ask, serveJobs, submit } from '../../harness/jobServing.ts'

describe('the job object, as clients get it', () => {
  it('has nothing of what was asked (OBJ-4, REQ-5)', async () => {
    await using serving = await serveJobs()
    const asked = {
      input: 'hush',
      webhook: 'https://example.com/hush',
      policy: { hush: 1 },
      s3Config: { accessSecret: 'hush' },
    }
    const id = await submit(serving, asked)
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toEqual({ id, status: 'IN_QUEUE' })
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state: 'FAILED', error: 'x' })
    expect((await ask(serving, 'GET', `/status/${id}`)).text).not.toContain('hush')
  })

  it('shows output as it was stored (A-9)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    const output = '{ "a":9007199254740993,"b":0.10000000000000000555 ,"c":"\\u00e9é"}'
    await serving.engine.finish(id, { output })
    expect((await ask(serving, 'GET', `/status/${id}`)).text).toContain(`"output":${output}`)
  })

  it('shows progress and no error while the job runs (OBJ-1)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    const running = { id, status: 'IN_PROGRESS', delayTime: expect.any(Number) }
    expect((await ask(serving, 'GET', `/status/${id}`)).json).toEqual(running)
    await serving.engine.progress(id, '"step 2 of 3"')
    const { json } = await ask(serving, 'GET', `/status/${id}`)
    expect(json).toEqual({ ...running, executionTime: expect.any(Number), output: 'step 2 of 3' })
  })

  it('is the same below /_/jobs/ (interface.md §4)', async () => {
    await using serving = await serveJobs()
    const id = await submit(serving)
    await serving.engine.begin(id)
    await serving.engine.finish(id, { state: 'FAILED', error: 'boom', output: '{"x":1}' })
    const { text } = await ask(serving, 'GET', `/_/jobs/${id}`)
    expect(text).toBe((await ask(serving, 'POST', `/status/${id}`)).text)
  })
})
