import { mkdtempSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { eventually, isAlive } from '../harness/calling.ts'
import { start, type Program } from '../harness/program.ts'
import { bothLanguages, functionsIn } from '../harness/serving.ts'

const notices = [
  ['SIGTERM', 'without any variable', {}],
  ['SIGINT', 'with X_YCF_GRACEFUL_SHUTDOWN_SIGNAL_SIGINT=1', { X_YCF_GRACEFUL_SHUTDOWN_SIGNAL_SIGINT: '1' }],
  ['nothing', 'with X_YCF_NO_GRACEFUL_SHUTDOWN_SIGNAL=1', { X_YCF_NO_GRACEFUL_SHUTDOWN_SIGNAL: '1' }],
] as const

// Calls in raw mode, from now on.
async function call(program: Program, wish: object): Promise<request.Response> {
  const { url } = await program.line('ready')
  return request(String(url)).post('?integration=raw').send(wish)
}

function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), 'fnbox-test-'))
}

describe.each(bothLanguages)('a %s instance, when the server gets SIGTERM (S-6, TV-57)', (language) => {
  it.each(notices)('gets %s %s (E-16)', async (expected, _, environment) => {
    const args = ['--root', functionsIn(language), '--port', '0', 'notices_end.handler']
    await using program = start(args, environment)
    const file = join(emptyFolder(), 'signals')
    const { body: pid } = await call(program, { file })
    program.signal('SIGTERM')
    expect((await program.ended).code).toBe(0)
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'nothing').toBe(expected)
    expect(await isAlive(Number(pid))).toBe(false)
  })

  it('gets a signal only when its call is over (S-7)', async () => {
    const args = ['--root', functionsIn(language), '--port', '0', 'notices_end.busy']
    await using program = start(args)
    const folder = emptyFolder()
    const answer = call(program, {
      file: join(folder, 'signals'),
      began: join(folder, 'began'),
      go: join(folder, 'go'),
    })
    await eventually(() => existsSync(join(folder, 'began')))
    program.signal('SIGTERM')
    await program.line('SIGTERM')
    writeFileSync(join(folder, 'go'), '')
    expect((await answer).body).toBe('finished')
    expect((await program.ended).code).toBe(0)
    expect(readFileSync(join(folder, 'signals'), 'utf8')).toBe('SIGTERM')
  })
})

describe.each(bothLanguages)('a %s instance, when the server loses its terminal', (language) => {
  it('gets SIGTERM and ends, also after a second SIGHUP (interface.md §6)', async () => {
    await using program = start(['--root', functionsIn(language), '--port', '0', 'notices_end.handler'])
    const file = join(emptyFolder(), 'signals')
    const { body: pid } = await call(program, { file })
    program.signal('SIGHUP')
    await program.line('SIGHUP: finishing the calls')
    program.signal('SIGHUP')
    expect((await program.ended).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe('SIGTERM')
    expect(await isAlive(Number(pid))).toBe(false)
  })
})
