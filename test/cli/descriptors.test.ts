// The program with few descriptors: only what needs one more fails.

import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually, isAlive } from '../harness/calling.ts'
import { start, type Program } from '../harness/program.ts'
import { functionsIn } from '../harness/serving.ts'

const most = 64

function startWithFew(handler: string): Program {
  const folder = mkdtempSync(join(tmpdir(), 'fnbox-test-'))
  const args = ['--root', functionsIn('python'), '--port', '0', '--data-dir', folder, handler]
  return start(args, {}, '', ['sh', '-c', `ulimit -n ${most} && exec "$@"`, 'sh'])
}

async function portOf(program: Program): Promise<number> {
  const { url } = await program.line('ready')
  return Number(new URL(String(url)).port)
}

function taken({ pid }: Program): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

// Opens connections until the program has no descriptor left; now and then it has one more for a moment.
async function fill(program: Program, port: number): Promise<readonly Socket[]> {
  const open: Socket[] = []
  for (let agreed = 0; agreed < 3;) {
    const isEnough = taken(program) >= most
    agreed = isEnough ? agreed + 1 : 0
    const client = isEnough ? open.at(-1) : connect(port, '127.0.0.1')
    if (client === undefined) throw new Error('it has no descriptors from the start')
    client.write('GET /_/healthz HTTP/1.1\r\nHost: x\r\n\r\n')
    const isTaken = await Promise.race([
      once(client, 'data').then(
        () => true,
        () => false,
      ),
      once(client, 'close').then(() => false),
    ])
    if (isTaken && !isEnough) open.push(client)
  }
  return open
}

async function ask(client: Socket | undefined, event: object): Promise<unknown> {
  if (client === undefined) throw new Error('there is no connection')
  const body = JSON.stringify(event)
  client.write(`POST /?integration=raw HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const [answer] = (await once(client, 'data')) as [Buffer]
  return JSON.parse(answer.toString().split('\r\n\r\n')[1] ?? '')
}

describe('a server with few descriptors', () => {
  it('ends more processes than it may open files (interface.md §6)', async () => {
    await using program = startWithFew('scatters.handler')
    const client = connect(await portOf(program), '127.0.0.1')
    const file = join(mkdtempSync(join(tmpdir(), 'fnbox-test-')), 'pids')
    expect(await ask(client, { processes: most + 16, file })).toMatchObject({ errorType: 'ProcessExit' })
    client.destroy()
    const pids = readFileSync(file, 'utf8').split(' ').map(Number)
    expect(pids).toHaveLength(most + 16)
    for (const pid of pids) await eventually(async () => !(await isAlive(pid)))
  })

  it('answers an instance with an error, and serves it when a descriptor is free (H2)', async () => {
    await using program = startWithFew('scatters.dispatches')
    const port = await portOf(program)
    const [client, ...others] = await fill(program, port)
    const refused = { refused: expect.stringContaining('engine cannot be reached') as unknown }
    expect(await ask(client, {})).toEqual(refused)
    for (const each of others) each.destroy()
    await eventually(async () => typeof (await ask(client, {})) === 'string')
  })

  it('reports that it cannot start a process, and starts one when a descriptor is free (F-2)', async () => {
    await using program = startWithFew('hostile.handler')
    const port = await portOf(program)
    const [client, ...others] = await fill(program, port)
    const { pid } = (await ask(client, {})) as { pid: number } // what the function returns
    process.kill(pid, 'SIGKILL')
    const { msg } = await program.line(/could not be started/)
    expect(msg).toContain('EMFILE); raise the limit of open files of the server (ulimit -n)')
    expect(program.records.filter((each) => String(each['msg']).includes('protocol'))).toEqual([])
    for (const each of others) each.destroy()
    await eventually(async () => 'pid' in ((await ask(client, {})) as object))
  })
})
