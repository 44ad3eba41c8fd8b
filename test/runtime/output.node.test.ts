// When the Node.js runtime sends the end of a call, on plain values: its output is a stream that the test holds back.

import { Writable } from 'node:stream'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Call } from '../../runtime/node/call.mjs'
import { identity } from './player.ts'

describe('the end of a call', () => {
  afterEach(() => void vi.restoreAllMocks())

  it.each(['stdout', 'stderr'] as const)(
    'is sent when its %s has left the process (PROTOCOL.md, promise 3)',
    async (name) => {
      const held: (() => void)[] = []
      const output = new Writable({ write: (_bytes, _encoding, done) => void held.push(done) })
      vi.spyOn(process, name, 'get').mockReturnValue(output as never) // a stream is all that is asked for
      const sent: string[] = []
      const channel = { send: (header: { type: string }) => sent.push(header.type) }
      const over = new Promise<unknown>((settle) => {
        const frame = { id: '1', mode: 'raw', deadlineMs: Date.now() + 60_000, responseLimit: 100 }
        const call = new Call(channel as never, frame, Buffer.from('1'), settle) // it only sends
        call.run(() => {
          output.write('printed')
          return 1
        }, identity)
      })
      await new Promise((settle) => setImmediate(settle))
      expect(sent).toEqual([])
      for (let done = held.shift(); done !== undefined; done = held.shift()) done()
      await over
      expect(sent).toEqual(['returned'])
    },
  )
})
