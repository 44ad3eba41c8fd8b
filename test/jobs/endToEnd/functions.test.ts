// Functions of `file.handler` kind as jobs (jobs.md §14), and what the log says of jobs (interface.md §7).

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually } from '../../harness/calling.ts'
import {
  cancel,
  drained,
  freshFolder,
  get,
  post,
  reached,
  run,
  runSync,
  settled,
  type JobObject,
} from '../../harness/jobClient.ts'
import { bothLanguages, serve, serveFrom } from '../../harness/serving.ts'
import type { Health } from './health.ts'
import { startServer } from './servers.ts'

const waits = {
  node: `const { appendFileSync, existsSync } = require('node:fs')
exports.handler = async ({ gate, log, name }) => {
  while (gate && !existsSync(gate)) await new Promise((settle) => setTimeout(settle, 5))
  appendFileSync(log, name)
  return name
}`,
  python: `import os, time
def handler(event, context):
    while event.get("gate") and not os.path.exists(event["gate"]):
        time.sleep(0.005)
    with open(event["log"], "a") as log:
        log.write(event["name"])
    return event["name"]
`,
}

const repeats = {
  node: `exports.handler = async (count) => 'x'.repeat(count)`,
  python: `def handler(count, context): return "x" * count`,
}

describe.each(bothLanguages)('a function as a job (%s)', (language) => {
  it('gets the input as its event, and gives its value as output, whatever its keys say (FN-1, FN-2)', async () => {
    await using serving = await serve(language, 'echo.handler', { 'data-dir': freshFolder() })
    const input = { error: 'no error', refresh_worker: true, statusCode: 404 }
    expect(await runSync(serving, input)).toMatchObject({ status: 'COMPLETED', output: input })
    expect(await runSync(serving, null)).toMatchObject({ status: 'COMPLETED', output: null })
    expect(serving.pids).toHaveLength(1)
  })

  it('that throws fails with the text of its language (FN-2, W-10, NODE-6)', async () => {
    await using serving = await serve(language, 'throws.handler', { 'data-dir': freshFolder() })
    const { status, error = '', workerId } = await runSync(serving, {})
    expect(status).toBe('FAILED')
    expect(JSON.parse(error)).toEqual({
      error_type: language === 'python' ? "<class 'Mishap'>" : 'Mishap',
      error_message: 'it went wrong: ä',
      error_traceback: expect.stringContaining('handler'),
      hostname: 'unknown',
      worker_id: workerId,
      runpod_version: '1.12.0',
    })
  })

  it('that yields is streamed, and its output is the list of its chunks (FN-3)', async () => {
    await using serving = await serve(language, 'yields.handler', { 'data-dir': freshFolder() })
    const id = await run(serving, {})
    const chunks = ['text: ä', 'AP8=', { json: ['ä'] }, null]
    expect(await drained(serving, id)).toEqual({ status: 'COMPLETED', chunks })
    expect(await settled(serving, id)).toMatchObject({ status: 'COMPLETED', output: chunks })
  })

  it('whose result is above the limit fails with its size and the limit (LIM-1)', async () => {
    const root = freshFolder()
    writeFileSync(join(root, language === 'python' ? 'repeats.py' : 'repeats.js'), repeats[language])
    const flags = { 'data-dir': join(root, 'data'), 'job-limit': '200', 'job-sync-limit': '100' }
    await using serving = await serveFrom(root, 'repeats.handler', flags)
    expect(await runSync(serving, 98)).toMatchObject({ status: 'COMPLETED' })
    expect(await runSync(serving, 99)).toMatchObject({
      status: 'FAILED',
      error: 'a result of 101 bytes is larger than the limit of 100 bytes',
    })
    expect(await settled(serving, await run(serving, 300))).toMatchObject({
      status: 'FAILED',
      error: 'a result of 302 bytes is larger than the limit of 200 bytes',
    })
  })

  it('that cannot be loaded fails at once, and /health says why (FN-2, CTL-9)', async () => {
    await using serving = await serve(language, 'throws_on_load.handler', { 'data-dir': freshFolder() })
    const { status, error = '' } = await runSync(serving, {})
    expect(status).toBe('FAILED')
    expect(Object.keys(JSON.parse(error) as object)).toContain('error_type')
    const health = await get<Health>(serving, '/health')
    expect(health.workers.unhealthy).toBe(1)
    expect(health.lastError).toContain('not today')
  })

  it('lets a direct invocation go before it (FN-4)', async () => {
    const root = freshFolder()
    writeFileSync(join(root, language === 'python' ? 'waits.py' : 'waits.js'), waits[language])
    await using serving = await serveFrom(root, 'waits.handler', { 'data-dir': join(root, 'data') })
    const [gate, log] = [join(root, 'gate'), join(root, 'log')]
    const first = await run(serving, { gate, log, name: '1' })
    await reached(serving, first, 'IN_PROGRESS')
    const job = await run(serving, { log, name: 'job' })
    const direct = callRaw(serving, { log, name: 'direct' }).then(({ body }) => body as unknown)
    await eventually(() => serving.app.invoker.waiting === 1)
    writeFileSync(gate, '')
    expect(await direct).toBe('direct')
    expect(await settled(serving, job)).toMatchObject({ status: 'COMPLETED', output: 'job' })
    expect(readFileSync(log, 'utf8')).toBe('1directjob')
  })

  it('runs beside a direct invocation that has come with its UUID (FN-1, U-9)', async () => {
    const root = freshFolder()
    writeFileSync(join(root, language === 'python' ? 'waits.py' : 'waits.js'), waits[language])
    const flags = { 'data-dir': join(root, 'data'), instances: '2' }
    await using serving = await serveFrom(root, 'waits.handler', flags)
    const [gate, last, log] = [join(root, 'gate'), join(root, 'last'), join(root, 'log')]
    const both = [1, 2].map(async () => (await callRaw(serving, { gate, log, name: '1' })).status)
    await eventually(() => serving.app.invoker.inFlight === 2)
    // More than are reserved at a time: a reserved one has taken its UUID already.
    for (let before = 0; before < 4; before++) await run(serving, { log, name: 'before' })
    const { id: job } = await post<JobObject>(serving, '/runsync?wait=1000', { input: { log, name: 'job' } })
    const direct = callRaw(serving, { gate: last, log, name: 'direct' })
      .set('X-Request-Id', job.slice(-36))
      .then(({ status }) => status)
    await eventually(() => serving.app.invoker.waiting === 1)
    writeFileSync(gate, '')
    expect(await settled(serving, job)).toMatchObject({ status: 'COMPLETED', output: 'job' })
    writeFileSync(last, '')
    expect(await Promise.all([...both, direct])).toEqual([200, 200, 200])
  })
})

describe('a Bash script as a job', () => {
  it('gives what it prints, JSON or text (FN-1, FN-2)', async () => {
    await using serving = await serve('bash', 'echo.sh', { 'data-dir': freshFolder() })
    expect(await runSync(serving, { a: [1] })).toMatchObject({ status: 'COMPLETED', output: { a: [1] } })
    await using text = await serve('bash', 'prints.sh', { 'data-dir': freshFolder() })
    expect(await runSync(text, 3)).toMatchObject({ status: 'COMPLETED', output: 'xxx' })
  })

  it('fails with the error object of its exit code (FN-2)', async () => {
    await using serving = await serve('bash', 'fails.sh', { 'data-dir': freshFolder() })
    const { status, error = '' } = await runSync(serving, 7)
    expect(status).toBe('FAILED')
    expect(JSON.parse(error)).toMatchObject({ errorMessage: expect.stringContaining('7') })
  })
})

describe('the log', () => {
  it('names the job on each of its lines, and does not call a cancelled one an error', async () => {
    const folder = freshFolder()
    await using server = await startServer('python', 'job_control.py', folder, ['--log-level', 'debug'])
    const id = await run(server, 'waits')
    await server.program.line('started')
    await cancel(server, id)
    await server.program.line('the job was stopped')
    await server.program.line(/^REPORT /)
    const lines = server.program.records.filter(({ requestId }) => requestId === id)
    expect(lines.map(({ jobId }) => jobId)).toEqual(lines.map(() => id))
    expect(lines.map(({ msg }) => String(msg).split(' ')[0])).toEqual(
      expect.arrayContaining(['START', 'started', 'released', 'END', 'REPORT']),
    )
    expect(server.program.records.filter(({ level }) => level === 'error')).toEqual([])
  })
})
