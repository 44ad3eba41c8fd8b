// Bash functions (yandex.md H-11, E-14, K-8, F-14, F-15, L-2) through the real server.

import { mkdtempSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { callRaw, eventually, isAlive } from '../harness/calling.ts'
import { run } from '../harness/program.ts'
import { functionsIn, serve, serveFrom, type Serving } from '../harness/serving.ts'

async function postRaw(serving: Serving, body: string | Buffer): Promise<Response> {
  return fetch(`${serving.url}/?integration=raw`, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fnbox-test-'))
}

describe('a Bash function in normal mode (K-8)', () => {
  it('reads the event and prints the response (TV-48)', async () => {
    await using serving = await serve('bash', 'replies.sh')
    const answer = await request(serving.url).patch('/?a=1')
    expect([answer.status, answer.headers['x-method'], answer.body]).toEqual([201, 'PATCH', 'PATCH'])
  })

  it.each(['just text\n', '', '[1]'])(
    'that prints %j is malformed; the payload is what it printed (F-4, F-31)',
    async (payload) => {
      const root = newFolder()
      await writeFile(join(root, 'printed'), payload)
      await writeFile(join(root, 'h.sh'), 'cat printed')
      await using serving = await serveFrom(root, 'h.sh')
      const answer = await request(serving.url).get('/')
      expect([answer.status, answer.headers['x-fnbox-fault']]).toEqual([502, 'malformed_response'])
      expect(answer.body).toEqual({
        errorMessage: 'Malformed serverless function response: not a valid json',
        errorType: 'ProxyIntegrationError',
        payload,
      })
    },
  )
})

describe('a Bash function in raw mode', () => {
  it('gets the bytes of the body and gives its own, up to the limits (M-6 to M-9)', async () => {
    await using serving = await serve('bash', 'echo.sh')
    const noise = Buffer.from(Array.from({ length: 1_048_576 }, (_, index) => (index * 7919) % 256))
    for (const body of [noise, Buffer.from('text\n'), Buffer.alloc(0)]) {
      const answer = await postRaw(serving, body)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true)
    }
  })

  it('is answered with its exit code, and what it printed goes to the log (F-14)', async () => {
    await using serving = await serve('bash', 'fails.sh')
    const answer = await postRaw(serving, '2')
    expect([answer.status, answer.headers.get('x-function-error')]).toEqual([502, 'true'])
    expect(await answer.json()).toEqual({
      errorMessage: 'exit code 2',
      errorType: 'BashScriptExecutionError',
    })
    expect(serving.lines).toMatchObject([
      { stream: 'stdout', text: 'said before', requestId: answer.headers.get('x-request-id') },
    ])
    expect((await postRaw(serving, '0')).status).toBe(200)
    expect(serving.pids).toHaveLength(1)
  })

  it('may not print 2 MB (F-15, L-2)', async () => {
    await using serving = await serve('bash', 'prints.sh')
    const answer = await postRaw(serving, '2097152')
    expect([answer.status, await answer.json()]).toEqual([
      502,
      {
        errorMessage: 'response is larger than limits (1048576)',
        errorType: 'BashScriptReadOutputError',
      },
    ])
    expect(serving.lines[0]?.text).toMatch(/^x+$/)
    expect((await postRaw(serving, '1048576')).status).toBe(200)
  })

  it('has the ids of its invocation in its environment (E-14)', async () => {
    await using serving = await serve('bash', 'environment.sh', {
      'function-id': 'd4efunction',
      'function-version': 'd4eversion',
    })
    for (let time = 0; time < 2; time++) {
      const answer = await callRaw(serving)
      expect(JSON.parse(answer.text)).toEqual({
        REQUEST_ID: answer.headers['x-request-id'],
        FUNCTION_NAME: 'd4efunction',
        FUNCTION_VERSION: 'd4eversion',
      })
    }
  })

  it('writes its log while it runs, also by name', async () => {
    await using serving = await serve('bash', 'by_name.sh')
    const answer = await postRaw(serving, 'hello')
    expect([answer.status, await answer.text()]).toEqual([200, 'hello'])
    expect(serving.lines).toMatchObject([
      { stream: 'stderr', text: 'to the log', requestId: answer.headers.get('x-request-id') },
    ])
  })

  it('runs several invocations at a time with --concurrency (S-1)', async () => {
    await using serving = await serve('bash', 'meets.sh', { concurrency: '2' })
    const folder = newFolder()
    const [a, b] = [join(folder, 'a'), join(folder, 'b')]
    const answers = await Promise.all([postRaw(serving, `${a} ${b}\n`), postRaw(serving, `${b} ${a}\n`)])
    expect(await Promise.all(answers.map((each) => each.text()))).toEqual([`${a}\n`, `${b}\n`])
    expect(serving.pids).toHaveLength(1)
  })
})

describe('a script that does not end', () => {
  it('is killed at the deadline with all that it has started (F-12, S-4)', async () => {
    await using serving = await serve('bash', 'sleeps.sh', { timeout: '1500ms' })
    const answer = await postRaw(serving, '')
    expect([answer.status, answer.headers.get('x-fnbox-fault')]).toEqual([504, 'timeout'])
    const family = await familyOf(serving)
    for (const pid of family) await eventually(async () => !(await isAlive(pid)))
    expect(Number(await (await postRaw(serving, '"answer"')).text())).not.toBe(family[0])
  })

  it('is killed when the client disconnects, and its instance stays (C-6)', async () => {
    await using serving = await serve('bash', 'sleeps.sh')
    const client = new AbortController()
    const call = fetch(`${serving.url}/?integration=raw`, { method: 'POST', signal: client.signal })
    const [instance, ...family] = await familyOf(serving)
    client.abort()
    await expect(call).rejects.toThrow('aborted')
    for (const pid of family) await eventually(async () => !(await isAlive(pid)))
    expect(Number(await (await postRaw(serving, '"answer"')).text())).toBe(instance)
  })

  it('and leaves a process behind is answered when it ends itself; the process ends with the instance', async () => {
    const pid = await leftBehind()
    await eventually(async () => !(await isAlive(pid)))
    expect(await isAlive(pid)).toBe(false)
  })
})

// The process of the instance, that of the script, and the one that it has started.
async function familyOf(serving: Serving): Promise<readonly number[]> {
  await eventually(() => serving.lines.length > 0)
  return serving.lines[0]?.text.split(' ').map(Number) ?? []
}

async function leftBehind(): Promise<number> {
  await using serving = await serve('bash', 'leaves.sh')
  const pid = Number(await (await postRaw(serving, '')).text())
  expect(await isAlive(pid)).toBe(true)
  return pid
}

describe('the handler string of a Bash function', () => {
  it('may lead into a folder; the working directory is the code root (H-11, E-1)', async () => {
    await using serving = await serve('bash', './folder/within.sh')
    expect(await (await postRaw(serving, '')).text()).toBe(`${functionsIn('bash')}\n`)
  })

  it('is the script that exists, whatever else it could mean (H-13)', async () => {
    const root = newFolder()
    await writeFile(join(root, 'h.js'), 'exports.sh = () => "node"')
    await using node = await serveFrom(root, 'h.sh')
    expect((await callRaw(node)).body).toBe('node')
    await writeFile(join(root, 'h.sh'), 'echo 1')
    await using bash = await serveFrom(root, 'h.sh')
    expect((await callRaw(bash)).body).toBe(1)
  })

  it('names a script that is missing: it is served when the file comes (H-16)', async () => {
    const root = newFolder()
    await using serving = await serveFrom(root, 'late.sh')
    expect((await callRaw(serving)).body).toMatchObject({
      errorType: 'HandlerNotFound',
      errorMessage: expect.stringContaining('there is none of the files late.sh, '),
    })
    await writeFile(join(root, 'late.sh'), 'echo 1')
    await eventually(async () => (await request(serving.url).get('/_/readyz')).status === 200)
    expect((await callRaw(serving)).body).toBe(1)
  })

  it('names a script with an error: the load error is in the words of the shell (H-16)', async () => {
    await using serving = await serve('bash', 'broken_syntax.sh')
    const answer = await callRaw(serving)
    expect([answer.status, answer.headers['x-fnbox-fault']]).toEqual([502, 'load_failed'])
    expect(answer.body).toMatchObject({
      errorType: 'SyntaxError',
      errorMessage: expect.stringMatching(/broken_syntax\.sh: line 2: syntax error near .*then/),
    })
  })

  it('may be settled with --runtime bash, and then needs the extension', async () => {
    await using serving = await serve('bash', 'environment.sh', { runtime: 'bash' })
    expect((await callRaw(serving)).status).toBe(200)
    const { code, stderr } = await run(['--root', functionsIn('bash'), '--runtime', 'bash', 'environment'])
    expect([code, stderr]).toEqual([64, expect.stringContaining('does not name')])
  })

  it('leads nowhere without a Bash: the message says what to do', async () => {
    const { code, stdout } = await run(['check', '--root', functionsIn('bash'), 'echo.sh'], {
      PATH: '/nowhere',
    })
    expect([code, stdout]).toEqual([1, expect.stringContaining('bash cannot be started; install it')])
  })
})
