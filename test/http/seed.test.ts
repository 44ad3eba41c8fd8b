import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { serve } from '../harness/serving.ts'

const run = promisify(execFile)
const anyId = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as unknown as string
const peer = expect.stringMatching(/^\[127\.0\.0\.1\]:\d+$/) as unknown as string
const userAgent = expect.stringMatching(/^curl\//) as unknown as string

// The documented call of the documented function.
async function curlAsDocumented(url: string): Promise<{ event: unknown; context: unknown }> {
  const { stdout } = await run('curl', [
    '-s',
    '--data',
    '{"hello": "world"}',
    '-H',
    'Content-Type: application/json',
    `${url}/d4eo2faf62abcdefghij?param=one`,
  ])
  return JSON.parse(stdout) as { event: unknown; context: unknown } // what the function of the seed returns
}

const flags = {
  'function-id': 'd4eo2faf62abcdefghij',
  'function-version': 'd4e3vrugh3abcdefghij',
  'log-group': 'ckgjmanjlhabcdefghij',
  token: '<IAM token>',
}

const headers = {
  Accept: '*/*',
  'Content-Length': '18',
  'Content-Type': 'application/json',
  Host: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as unknown as string,
  'User-Agent': userAgent,
  'X-Forwarded-For': '127.0.0.1',
  'X-Real-Remote-Address': peer,
  'X-Request-Id': anyId,
  'X-Trace-Id': anyId,
}

const event = {
  body: '{"hello": "world"}',
  headers,
  httpMethod: 'POST',
  isBase64Encoded: false,
  multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
  multiValueParams: {},
  multiValueQueryStringParameters: { param: ['one'] },
  params: {},
  pathParams: {},
  queryStringParameters: { param: 'one' },
  requestContext: {
    httpMethod: 'POST',
    identity: { sourceIp: '127.0.0.1', userAgent },
    requestId: anyId,
    requestTime: expect.stringMatching(
      /^\d{1,2}\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/,
    ) as unknown as string,
    requestTimeEpoch: expect.any(Number) as unknown as number,
  },
  url: '',
}

const token = { access_token: '<IAM token>', expires_in: 43_200, token_type: 'Bearer' }

const contexts = {
  python: {
    aws_request_id: anyId,
    deadline_ms: expect.any(Number) as unknown as number,
    function_name: 'd4eo2faf62abcdefghij',
    function_version: 'd4e3vrugh3abcdefghij',
    invoked_function_arn: 'd4eo2faf62abcdefghij',
    log_group_name: 'ckgjmanjlhabcdefghij',
    log_stream_name: 'd4e3vrugh3abcdefghij',
    memory_limit_in_mb: 128,
    request_id: anyId,
    token,
  },
  node: {
    requestId: anyId,
    awsRequestId: anyId,
    functionName: 'd4eo2faf62abcdefghij',
    invokedFunctionArn: 'd4eo2faf62abcdefghij',
    functionVersion: 'd4e3vrugh3abcdefghij',
    memoryLimitInMB: '128',
    deadlineMs: expect.any(Number) as unknown as number,
    logGroupName: 'ckgjmanjlhabcdefghij',
    token,
  },
}

describe('the documented function, called as documented (TV-1)', () => {
  it.each(['python', 'node'] as const)(
    'gives the documented result in %s: same keys, same types, same values',
    async (language) => {
      await using serving = await serve(language, 'seed.handler', flags)
      const result = await curlAsDocumented(serving.url)
      expect(result).toStrictEqual({ event, context: contexts[language] })
    },
  )

  it('carries one request id everywhere', async () => {
    await using serving = await serve('python', 'seed.handler', flags)
    const response = await fetch(serving.url)
    const { event: seen, context } = (await response.json()) as {
      event: { headers: Record<string, string>; requestContext: { requestId: string } }
      context: Record<string, string>
    } // what the function of the seed returns
    const ids = [
      response.headers.get('x-request-id'),
      seen.headers['X-Request-Id'],
      seen.requestContext.requestId,
      context['request_id'],
      context['aws_request_id'],
    ]
    expect(new Set(ids).size).toBe(1)
  })

  it('has the folder in the context only when one is configured (C-1)', async () => {
    for (const [language, key] of [
      ['python', 'function_folder_id'],
      ['node', 'functionFolderId'],
    ] as const) {
      await using serving = await serve(language, 'seed.handler', { 'folder-id': 'b1gfolder' })
      const { context } = (await (await fetch(serving.url)).json()) as { context: Record<string, unknown> } // what the function of the seed returns
      expect(context[key]).toBe('b1gfolder')
      expect('token' in context).toBe(language === 'python')
    }
  })
})
