import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/errors.ts'
import { ask, serveJobs, submit } from '../../harness/jobServing.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

function sized(bytes: number): string {
  return `{"input":"${'x'.repeat(bytes - 12)}"}`
}

describe('/run', () => {
  it('answers with a new id as soon as the job is stored (A-12, A-13)', async () => {
    await using serving = await serveJobs()
    const { json } = await ask(serving, 'POST', '/run', { body: '{"input":{"a":1}}' })
    expect(json).toEqual({ id: expect.stringMatching(uuid), status: 'IN_QUEUE' })
    expect(serving.jobs.submitted).toMatchObject([
      {
        id: (json as { id: string }).id,
        origin: 'run',
        executionTimeoutMs: 600_000,
        ttlMs: 86_400_000,
        retentionMs: 1_800_000,
        lowPriority: false,
        notify: false,
      },
    ])
  })

  it('takes --timeout, --job-ttl and --job-retention for defaults (REQ-4, §9)', async () => {
    const flags = { timeout: '3s', 'job-ttl': '2h', 'job-retention': '5m', 'job-sync-retention': '7s' }
    await using serving = await serveJobs({}, { flags })
    await submit(serving)
    await ask(serving, 'POST', '/runsync?wait=0', { body: '{"input":1}' })
    expect(serving.jobs.submitted).toMatchObject([
      { executionTimeoutMs: 3000, ttlMs: 7_200_000, retentionMs: 300_000 },
      { executionTimeoutMs: 3000, ttlMs: 7_200_000, retentionMs: 7000 },
    ])
  })

  it('takes the policy of the request (§3)', async () => {
    await using serving = await serveJobs()
    await submit(serving, {
      input: null,
      webhook: 'https://example.com/done',
      webhookV2: 'x',
      policy: { executionTimeout: 1, ttl: 604_800_000, lowPriority: true },
    })
    expect(serving.jobs.submitted).toMatchObject([
      {
        executionTimeoutMs: 1,
        ttlMs: 604_800_000,
        lowPriority: true,
        notify: true,
        webhook: 'https://example.com/done',
      },
    ])
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1'])(
    'reads JSON whatever the content type says: %s (A-6)',
    async (type) => {
      await using serving = await serveJobs()
      const headers = { 'Content-Type': type }
      expect((await ask(serving, 'POST', '/run', { body: '{"input":"é"}', headers })).status).toBe(200)
      expect(serving.jobs.submitted[0]?.input.toString()).toBe('"é"')
    },
  )

  it.each([
    '9007199254740993',
    '0.1000000000000000055511151231257827',
    '1E400',
    'null',
    '"\\ud800 \\u0000 😀"',
    '[ 1,\n 2 ]',
    '{"a":1,"a":2}',
    '""',
  ])('relays input, policy and s3Config as they were sent: %s (A-9)', async (text) => {
    await using serving = await serveJobs()
    const policy = '{ "ttl" : 5e3, "more": 9007199254740993 }'
    const s3Config = '{"accessId":"\\u0061", "x":1.0}'
    const body = `\ufeff{"s3Config":${s3Config}, "input" :\t${text}\n,"policy":${policy}}`
    expect((await ask(serving, 'POST', '/run', { body })).status).toBe(200)
    const [job] = serving.jobs.submitted
    expect([job?.input.toString(), job?.policy, job?.s3Config, job?.ttlMs]).toEqual([
      text,
      policy,
      s3Config,
      5000,
    ])
  })

  it('takes input_data for input when there is none, and the last of several (§3)', async () => {
    await using serving = await serveJobs()
    for (const body of ['{"input_data":1}', '{"input_data":1,"input":null}', '{"input":1,"\\u0069nput":2}'])
      await ask(serving, 'POST', '/run', { body })
    expect(serving.jobs.submitted.map(({ input }) => input.toString())).toEqual(['1', 'null', '2'])
  })

  it('counts optional fields that are null as absent (REQ-2)', async () => {
    await using serving = await serveJobs()
    const nulls = { webhook: null, webhookV2: null, policy: null, s3Config: null }
    await submit(serving, { input: 1, ...nulls })
    await submit(serving, {
      input: 1,
      policy: { ttl: null, executionTimeout: null, lowPriority: null },
      s3Config: { accessId: null },
    })
    const [job, other] = serving.jobs.submitted
    expect(Object.keys(job ?? {})).not.toEqual(expect.arrayContaining(['policy']))
    expect([job?.webhook, job?.policy, job?.s3Config, other?.ttlMs]).toEqual([
      undefined,
      undefined,
      undefined,
      86_400_000,
    ])
  })

  it('discards other keys (REQ-1)', async () => {
    await using serving = await serveJobs()
    const body =
      '{"input":1,"id":"mine","__proto__":{"webhook":"https://example.com"},"priority":9,"webhookV3":{}}'
    expect((await ask(serving, 'POST', '/run', { body })).status).toBe(200)
    expect(serving.jobs.submitted[0]).not.toMatchObject({ id: 'mine' })
    expect(serving.jobs.submitted[0]?.notify).toBe(false)
  })

  const refused: readonly (readonly [body: string | Buffer, named: string])[] = [
    ['', 'JSON'],
    ['{"input":', 'JSON'],
    ['{"input":1} x', 'JSON'],
    ['null', 'object'],
    ['[{"input":1}]', 'object'],
    ['"input"', 'object'],
    ['{}', 'input'],
    [Buffer.from([...Buffer.from('{"input":"'), 0xff, ...Buffer.from('"}')]), 'UTF-8'],
    ['{"input":1,"webhook":5}', 'webhook'],
    ['{"input":1,"webhook":"/done"}', 'webhook'],
    ['{"input":1,"webhook":"ftp://example.com"}', 'webhook'],
    ['{"input":1,"webhookV2":{}}', 'webhookV2'],
    ['{"input":1,"policy":[]}', 'policy'],
    ['{"input":1,"policy":"x"}', 'policy'],
    ['{"input":1,"policy":{"ttl":"1000"}}', 'policy.ttl'],
    ['{"input":1,"policy":{"ttl":0}}', 'policy.ttl'],
    ['{"input":1,"policy":{"ttl":604800001}}', 'policy.ttl'],
    ['{"input":1,"policy":{"executionTimeout":1.5}}', 'policy.executionTimeout'],
    ['{"input":1,"policy":{"executionTimeout":-1}}', 'policy.executionTimeout'],
    ['{"input":1,"policy":{"executionTimeout":1e300}}', 'policy.executionTimeout'],
    ['{"input":1,"policy":{"lowPriority":1}}', 'policy.lowPriority'],
    ['{"input":1,"s3Config":"x"}', 's3Config'],
    ['{"input":1,"s3Config":{"bucketName":1}}', 's3Config.bucketName'],
  ]
  it.each(refused)('rejects %s and names the problem (REQ-2, REQ-3)', async (body, named) => {
    await using serving = await serveJobs()
    const { status, json } = await ask(serving, 'POST', '/run', { body })
    expect([status, json]).toEqual([400, { error: expect.stringContaining(named) }])
    expect([serving.refused, serving.jobs.submitted]).toEqual([['invalid_job'], []])
  })

  it('does not quote rejected values (REQ-5)', async () => {
    await using serving = await serveJobs()
    for (const body of [
      '{"input":1,"s3Config":{"accessSecret":["hush"]}}',
      '{"input":1,"s3Config":{"accessSecret":"hush"}',
    ])
      expect((await ask(serving, 'POST', '/run', { body })).text).not.toContain('hush')
  })

  it('takes a body up to the limit of its route, before it is parsed (LIM-1)', async () => {
    await using serving = await serveJobs({ limit: 100, syncLimit: 200 })
    const statusOf = async (path: string, body: string): Promise<number> =>
      (await ask(serving, 'POST', path, { body })).status
    expect(await statusOf('/run', sized(100))).toBe(200)
    expect(await statusOf('/run', sized(101))).toBe(413)
    expect(await statusOf('/run', '!'.repeat(101))).toBe(413)
    expect(await statusOf('/runsync?wait=0', sized(200))).toBe(200)
    expect(await statusOf('/runsync?wait=0', sized(201))).toBe(413)
    expect(serving.refused).toEqual(['job_too_large', 'job_too_large', 'job_too_large'])
    expect(serving.jobs.submitted).toHaveLength(2)
  })

  it('takes 10 MB by default (LIM-1)', async () => {
    await using serving = await serveJobs()
    const body = `{"input":"${'é'.repeat(5_242_874)}"}`
    expect(Buffer.byteLength(body)).toBe(10 * 1024 ** 2)
    expect((await ask(serving, 'POST', '/run', { body })).status).toBe(200)
    expect((await ask(serving, 'POST', '/run', { body: `${body} ` })).status).toBe(413)
    expect(serving.jobs.submitted[0]?.input.length).toBe(10 * 1024 ** 2 - 10)
  })

  it('takes a body that is nested a million deep', async () => {
    await using serving = await serveJobs()
    const input = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`
    const headers = { 'Idempotency-Key': 'deep' }
    expect((await ask(serving, 'POST', '/run', { body: `{"input":${input}}`, headers })).status).toBe(200)
  })

  it('answers 429 with Retry-After when the queue is full (A-10)', async () => {
    await using serving = await serveJobs()
    serving.engine.limitQueue(0)
    for (const path of ['/run', '/runsync']) {
      const { status, headers } = await ask(serving, 'POST', path, { body: '{"input":1}' })
      expect([status, headers.get('retry-after')]).toEqual([429, expect.stringMatching(/^\d+$/)])
    }
    expect(serving.refused).toEqual(['job_queue_full', 'job_queue_full'])
  })

  it.each([
    ['store_unavailable', 'the store cannot be written: disk full'],
    ['draining', 'the server is stopping'],
  ] as const)('answers 503 with Retry-After: %s (DUR-1)', async (code, text) => {
    await using serving = await serveJobs()
    if (code === 'draining') serving.engine.drain()
    serving.jobs.trouble = new Fault(code, text)
    const { status, headers, json } = await ask(serving, 'POST', '/run', { body: '{"input":1}' })
    expect([status, json, headers.get('retry-after')]).toEqual([503, { error: text }, '1'])
    expect(headers.get('connection')).toBe(code === 'draining' ? 'close' : 'keep-alive')
  })

  it('says no more than 500 of a bug of ours', async () => {
    await using serving = await serveJobs()
    serving.jobs.trouble = new TypeError('secret detail')
    const { status, text } = await ask(serving, 'POST', '/run', { body: '{"input":1}' })
    expect([status, text.includes('secret')]).toEqual([500, false])
    expect(serving.refused).toEqual(['internal'])
  })
})

describe('Idempotency-Key', () => {
  const headers = { 'Idempotency-Key': 'key-1' }

  it('gives the same job with its state of now, on both routes (REQ-6)', async () => {
    await using serving = await serveJobs()
    const first = await ask(serving, 'POST', '/run', { body: '{"input":{"a":1,"b":2}}', headers })
    const { id } = first.json as { id: string }
    await serving.engine.begin(id)
    const again = await ask(serving, 'POST', '/run', { body: ' {"input":{"b":2.0,"a":1}}', headers })
    expect(again.json).toEqual({ id, status: 'IN_PROGRESS' })
    await serving.engine.finish(id, { output: '7' })
    const waited = await ask(serving, 'POST', '/runsync', { body: '{"input":{"a":1,"b":2}}', headers })
    expect(waited.json).toMatchObject({ id, status: 'COMPLETED', output: 7 })
    expect(serving.jobs.submitted).toHaveLength(1)
  })

  it('answers 409 with another body (REQ-7)', async () => {
    await using serving = await serveJobs()
    await ask(serving, 'POST', '/run', { body: '{"input":9007199254740992}', headers })
    const { status } = await ask(serving, 'POST', '/runsync', { body: '{"input":9007199254740993}', headers })
    expect([status, serving.refused]).toEqual([409, ['idempotency_conflict']])
  })

  it('still gives id and status when the result has expired (REQ-7)', async () => {
    await using serving = await serveJobs()
    const first = await ask(serving, 'POST', '/run', { body: '{"input":1}', headers })
    const { id } = first.json as { id: string }
    await serving.engine.begin(id)
    await serving.engine.finish(id, { output: '1' })
    await serving.engine.remove(id)
    for (const path of ['/run', '/runsync'])
      expect((await ask(serving, 'POST', path, { body: '{"input":1}', headers })).json).toEqual({
        id,
        status: 'COMPLETED',
      })
  })

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('is rejected when it is %j (REQ-6)', async (key) => {
    await using serving = await serveJobs()
    const sent = { 'Idempotency-Key': Buffer.from(key).toString('latin1') }
    expect((await ask(serving, 'POST', '/run', { body: '{"input":1}', headers: sent })).status).toBe(400)
    expect(serving.refused).toEqual(['invalid_parameter'])
  })
})
