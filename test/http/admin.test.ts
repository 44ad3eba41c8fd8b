import { once } from 'node:events'
import { createServer } from 'node:net'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { run, start } from '../harness/program.ts'
import { functionsIn } from '../harness/serving.ts'

const base = ['--root', functionsIn('node'), '--port', '0', 'counts.handler']

async function takenPort(): Promise<{ readonly port: string; readonly free: () => void }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return { port: typeof address === 'object' ? String(address?.port) : '', free: () => server.close() }
}

describe('--admin-port', () => {
  it('moves everything below /_/ to a port of its own, where the function is not', async () => {
    await using program = start([...base, '--admin-port', '0'])
    const { url } = await program.line('ready')
    const admin = String((await program.line('probes at'))['url'])
    expect((await request(admin).get('_/healthz')).body).toEqual({ status: 'ok' })
    expect((await request(admin).get('_/readyz')).body).toMatchObject({ status: 'ready' })
    expect((await request(admin).get('_/metrics')).text).toContain('fnbox_instances{state="idle"} 1')
    for (const path of ['_/nothing', '', '?integration=raw', 'd4e']) {
      const { status, headers } = await request(admin).post(path)
      expect([path, status, headers['x-fnbox-fault']]).toEqual([path, 404, 'not_found'])
    }
    for (const path of ['_/healthz', '_/readyz', '_/metrics', '_/nothing'])
      expect((await request(String(url)).get(path)).status).toBe(404)
    expect((await request(String(url)).post('?integration=raw')).body).toBe(1)
    program.signal('SIGTERM')
    expect((await program.ended).code).toBe(0)
  })

  it('answers probes without a key', async () => {
    const keys = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'keys')
    writeFileSync(keys, 'right')
    await using program = start([...base, '--admin-port', '0', '--auth-keys', keys])
    const admin = String((await program.line('probes at'))['url'])
    expect((await request(admin).get('_/healthz')).status).toBe(200)
  })

  it('exits 69 when it is taken, and leaves no port open', async () => {
    const { port, free } = await takenPort()
    const { code, stderr } = await run([...base, '--admin-port', port])
    free()
    expect(code).toBe(69)
    expect(stderr).toContain(`cannot listen on 127.0.0.1:${port}: `)
    expect(stderr).toContain('choose another --admin-port')
  })

  it('must be another port than --port', async () => {
    const flags = ['--root', functionsIn('node'), '--port', '9090', '--admin-port', '9090']
    const { code, stderr } = await run([...flags, 'counts.handler'])
    expect([code, stderr]).toEqual([64, expect.stringContaining('--admin-port: must be another port')])
  })
})
