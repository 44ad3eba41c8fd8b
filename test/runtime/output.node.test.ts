// When the Node.js runtime sends the outcome of a call, on plain values: its output is a stream that the test holds back.

import { Writable } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Call } from '../../runtime/node/call.mjs'
import type { Channel } from '../../runtime/node/channel.mjs'
import { Job } from '../../runtime/node/job.mjs'
import { Task } from '../../runtime/node/task.mjs'
import { identity } from './player.ts'

/** Starts a call that prints; settles when its outcome was sent. */
type Start = (channel: Channel, print: () => void) => Promise<unknown>

const frame = { id: '1', mode: 'raw', deadlineMs: Date.now() + 60_000, responseLimit: 100 }

const calls: Readonly<Record<string, Start>> = {
  invocation: (channel, print) =>
    new Promise((settle) =>
      new Call(channel, frame, Buffer.from('1'), settle).run(() => {
        print()
        return 1
      }, identity),
    ),
  job: (channel, print) => {
    const run = async (): Promise<{ json: Buffer }> => {
      print()
      return { json: Buffer.from('1') }
    }
    const job = new Job(channel, frame)
    job.run({ run, aggregates: false } as never, Buffer.from('{}'), 'i-1') // all that it needs of a program
    return job.ended
  },
  task: (channel, print) =>
    new Promise((settle) => {
      print()
      void new Task(channel, frame, Buffer.from('1'), settle).fail(new Error('late'))
    }),
}

const rows = Object.entries(calls).flatMap(([name, start]) =>
  (['stdout', 'stderr'] as const).map((stream) => [name, stream, start] as const),
)

describe('the outcome of a call', () => {
  afterEach(() => void vi.restoreAllMocks())

  it.each(rows)(
    'is sent, for each %s, when its %s has left the process (promise 3)',
    async (_, stream, start) => {
      const held: (() => void)[] = []
      const output = new Writable({ write: (_bytes, _encoding, done) => void held.push(done) })
      vi.spyOn(process, stream, 'get').mockReturnValue(output as never) // a stream is all that is asked for
      const sent: string[] = []
      const channel = { send: (header: { type: string }) => sent.push(header.type) } as never // it only sends
      const over = start(channel, () => output.write('printed'))
      await new Promise((settle) => setImmediate(settle))
      expect(sent).toEqual([])
      for (let done = held.shift(); done !== undefined; done = held.shift()) done()
      await over
      expect(sent).toEqual(['returned'])
    },
  )
})
