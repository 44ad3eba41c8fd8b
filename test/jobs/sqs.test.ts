import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toFailureMessage, toSuccessMessage } from '../../src/jobs/delivery/asyncMessage.ts'
import type { JobWithInput } from '../../src/jobs/model/job.ts'
import { toEnd } from '../../src/jobs/kinds/jobResult.ts'
import type { UserError } from '../../src/wire/frames.ts'
import { SqsTargets } from '../../src/jobs/delivery/sqs.ts'
import { sqsProblems, toSqsSettings, type ChosenTargets } from '../../src/jobs/delivery/sqsSettings.ts'
import { eventually } from '../harness/calling.ts'
import { endedJob } from './endedJob.ts'
import { queueService } from './queueService.ts'

const key = { AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: 'hush' }

function asyncJob(changed: Partial<JobWithInput> = {}): JobWithInput {
  return endedJob({ origin: 'async', input: Buffer.from('{"name": "test"}'), ...changed })
}

function targetsAt(chosen: Partial<ChosenTargets>, env: Readonly<Record<string, string>> = key): SqsTargets {
  return new SqsTargets(toSqsSettings({ success: undefined, failure: undefined, ...chosen }, env))
}

async function tell(
  targets: SqsTargets,
  job: JobWithInput,
  signal = new AbortController().signal,
): Promise<void> {
  try {
    await targets.receiverOf(job)?.send(job, signal)
  } finally {
    await targets.stop()
  }
}

// What the engine stores of an error that a function of that language threw.
function stored(error: UserError, language: 'node' | 'python' | 'bash' = 'python'): Partial<JobWithInput> {
  const { state, error: text } = toEnd(
    { type: 'threw', error },
    { isScript: false, language, environment: {} },
    'i-1',
  )
  return { state, error: text ?? expect.fail() }
}

const nameError = {
  errorMessage: "name 'x' is not defined",
  errorType: 'NameError',
  stackTrace: ['  File "/function/code/main.py", line 2, in handler\n    return x\n'],
}

describe('the success message', () => {
  it('is the JSON text of the result and nothing else (M-13)', () => {
    const output = Buffer.from('{"n": 12345678901234567890.10, "s": "ä"}')
    expect(toSuccessMessage({ output })).toBe(output.toString())
  })

  it('is null when there is no result: a queue takes no empty message', () => {
    expect([toSuccessMessage({}), toSuccessMessage({ output: Buffer.alloc(0) })]).toEqual(['null', 'null'])
  })
})

describe('the failure message (M-14)', () => {
  const failed = stored(nameError)

  it('has the request as text and the error of the function', () => {
    const job = asyncJob(failed)
    expect(JSON.parse(toFailureMessage(job))).toEqual({
      requestId: job.id,
      request: '{"name": "test"}',
      error: nameError,
    })
  })

  it('has a body that is not UTF-8 in base64, and says so', () => {
    const input = Buffer.from([0xff, 0xfe])
    expect(JSON.parse(toFailureMessage(asyncJob({ ...failed, input })))).toMatchObject({
      request: '//4=',
      isBase64Encoded: true,
    })
  })

  it('has no stack trace when there is none', () => {
    for (const language of ['node', 'python', 'bash'] as const) {
      const error = { errorMessage: 'm', errorType: 'T' }
      expect(JSON.parse(toFailureMessage(asyncJob(stored(error, language)))).error).toEqual(error)
    }
  })

  it.each<['node' | 'python' | 'bash', UserError]>([
    [
      'node',
      { errorMessage: 'm', errorType: 'TypeError', stackTrace: ['at a (f.js:1:1)', 'at b (f.js:2:1)'] },
    ],
    [
      'python',
      {
        errorMessage: 'm',
        errorType: 'ValueError',
        stackTrace: ['  File "a.py", line 2, in a\n    b()\n', '  File "a.py", line 5, in b\n    raise\n'],
      },
    ],
    ['bash', { errorMessage: 'exit code 3', errorType: 'BashScriptExecutionError', stackTrace: [] }],
  ])('has the stack of %s frame by frame, as the answer to a caller has it', (language, error) => {
    expect(JSON.parse(toFailureMessage(asyncJob(stored(error, language)))).error).toEqual(error)
  })

  it.each<[string, Partial<JobWithInput>, object]>([
    [
      'the deadline',
      { state: 'TIMED_OUT', error: 'executionTimeout of 10000 ms exceeded' },
      { errorMessage: 'executionTimeout of 10000 ms exceeded', errorType: 'GatewayTimeout' },
    ],
    [
      'a lost process',
      { state: 'FAILED', error: 'process exited with code 3 before the job finished' },
      { errorMessage: 'process exited with code 3 before the job finished', errorType: 'ProcessExit' },
    ],
    [
      'a cancel',
      { state: 'CANCELLED' },
      { errorMessage: 'The invocation was cancelled', errorType: 'Cancelled' },
    ],
    [
      'a text that is JSON, but no error',
      { state: 'FAILED', error: '3' },
      { errorMessage: '3', errorType: 'ProcessExit' },
    ],
  ])('tells of %s', (_, changed, error) => {
    expect(JSON.parse(toFailureMessage(asyncJob(changed)))).toHaveProperty('error', error)
  })
})

describe('targets', () => {
  it('get each end where it belongs (FN-6)', async () => {
    await using service = await queueService()
    const chosen = { success: service.queue('good'), failure: service.queue('bad') }
    await tell(targetsAt(chosen), asyncJob())
    const failed = asyncJob(stored(nameError))
    await tell(targetsAt(chosen), failed)
    expect(service.messages()).toEqual([
      { QueueUrl: chosen.success, MessageBody: '{"text":"Hi"}' },
      { QueueUrl: chosen.failure, MessageBody: toFailureMessage(failed) },
    ])
  })

  it.each(['FAILED', 'TIMED_OUT', 'CANCELLED'] as const)(
    'hear of a job that is %s on the failure side',
    (state) => {
      const targets = targetsAt({ success: 'http://q/a/good', failure: 'http://q/a/bad' })
      expect(targets.receiverOf({ state })?.name).toBe('failure target http://q/a/bad')
    },
  )

  it('that are not named get nothing (M-12)', () => {
    expect(targetsAt({ failure: 'http://q/bad' }).receiverOf(asyncJob())).toBeUndefined()
    expect(targetsAt({ success: 'http://q/good' }).receiverOf({ state: 'FAILED' })).toBeUndefined()
  })

  it('are signed for, in the region of the queues', async () => {
    await using service = await queueService()
    await tell(targetsAt({ success: service.queue('good') }), asyncJob())
    await tell(
      targetsAt({ success: service.queue('good') }, { ...key, AWS_REGION: 'eu-north-1' }),
      asyncJob(),
    )
    const signed = service.received.map(({ headers }) => headers.authorization)
    expect(signed[0]).toMatch(/^AWS4-HMAC-SHA256 Credential=an-id\/\d{8}\/ru-central1\/sqs\/aws4_request, /)
    expect(signed[1]).toContain('/eu-north-1/sqs/')
    expect(JSON.stringify(service.received)).not.toContain('hush')
  })

  it('that are FIFO queues get an order and a mark against repetition', async () => {
    await using service = await queueService()
    const job = asyncJob({ attempt: 2 })
    await tell(targetsAt({ success: service.queue('good.fifo') }), job)
    expect(service.messages()).toMatchObject([
      { MessageGroupId: job.id, MessageDeduplicationId: `${job.id}-2` },
    ])
  })

  it('that refuse make one failed try, told without what they quote', async () => {
    await using service = await queueService('error')
    const telling = tell(targetsAt({ success: service.queue('good') }), asyncJob())
    await expect(telling).rejects.toThrow(/^SignatureDoesNotMatch \(403\)$/)
    expect(service.received).toHaveLength(1)
  })

  it('that cannot be reached make a failed try', async () => {
    const gone = await queueService()
    await gone[Symbol.asyncDispose]()
    await expect(tell(targetsAt({ success: gone.queue('good') }), asyncJob())).rejects.toThrow('ECONNREFUSED')
  })

  it('that hang are left when the try is aborted', async () => {
    await using service = await queueService('never')
    const limit = new AbortController()
    const telling = tell(targetsAt({ success: service.queue('good') }), asyncJob(), limit.signal)
    await eventually(() => service.received.length === 1)
    limit.abort()
    await expect(telling).rejects.toThrow('aborted')
  })

  it('stop twice, and before anything was sent', async () => {
    const targets = targetsAt({ success: 'http://q/good' })
    await targets.stop()
    await expect(targets.stop()).resolves.toBeUndefined()
  })
})

describe('credentials of the targets', () => {
  const chosen = { success: 'https://q/good', failure: undefined }

  it('of the server alone count before those that the function sees', () => {
    const own = {
      FNBOX_AWS_ACCESS_KEY_ID: 'ours',
      FNBOX_AWS_SECRET_ACCESS_KEY: 's',
      FNBOX_AWS_SESSION_TOKEN: 't',
    }
    expect(toSqsSettings(chosen, { ...key, ...own }).credentials).toEqual({
      accessKeyId: 'ours',
      secretAccessKey: 's',
      sessionToken: 't',
    })
  })

  it('may be in a file', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'secret')
    writeFileSync(path, 'from a file\n')
    const env = { FNBOX_AWS_ACCESS_KEY_ID: 'ours', FNBOX_AWS_SECRET_ACCESS_KEY_FILE: path }
    expect(toSqsSettings(chosen, env).credentials?.secretAccessKey).toBe('from a file')
  })

  it.each([
    {},
    { AWS_ACCESS_KEY_ID: 'an-id' },
    { AWS_ACCESS_KEY_ID: 'an-id', AWS_SECRET_ACCESS_KEY: '' },
    { FNBOX_AWS_ACCESS_KEY_ID: 'half', AWS_SECRET_ACCESS_KEY: 'of another' },
    { FNBOX_AWS_ACCESS_KEY_ID: 'ours', FNBOX_AWS_SECRET_ACCESS_KEY_FILE: '/nowhere' },
  ])('that are not whole are a problem: %j', (env) => {
    expect(sqsProblems(toSqsSettings(chosen, env))).toEqual([
      expect.stringMatching(/^--async-success-target: needs .*AWS_ACCESS_KEY_ID/),
    ])
  })

  it('are not needed without targets', () => {
    expect(sqsProblems(toSqsSettings({ success: undefined, failure: undefined }, {}))).toEqual([])
  })

  it.each(['q', 'ftp://q/good', 'https://me:hush@q/good'])(
    'do not help a target that is no URL of a queue: %s',
    (url) => {
      const problems = sqsProblems(toSqsSettings({ success: undefined, failure: url }, key))
      expect(problems).toEqual([expect.stringMatching(/^--async-failure-target: must be /)])
      expect(problems.join()).not.toContain('hush')
    },
  )
})
