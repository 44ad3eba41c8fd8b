import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Channel, type ChannelEnd } from '../../src/wire/channel.ts'
import { longestCopied, maxFrameLength } from '../../src/wire/codec.ts'
import { ProtocolError } from '../../src/wire/frames.ts'
import { frameOf, frameReader } from '../harness/frames.ts'

// A channel over a socket without another end. Owns what the channel has written and told.
class Opened {
  /** each one system call */
  readonly writes: Buffer[] = []
  /** frames that it wrote, as `type:body` */
  readonly sent: string[] = []
  /** frames that it handed over, as `type:body` */
  readonly received: string[] = []
  readonly ends: ChannelEnd[] = []
  wasOpenAtEnd = false
  readonly channel: Channel
  readonly #read = frameReader(({ header, body }) => {
    const { type } = JSON.parse(header) as { type: string } // as the channel has written it
    this.sent.push(`${type}:${body.toString()}`)
  })
  readonly socket = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _encoding, done) => this.#write(bytes, done),
    writev: (parts, done) => this.#write(Buffer.concat(parts.map(({ chunk }) => chunk as Buffer)), done),
  })

  constructor(onFrame: (channel: Channel) => void = () => {}) {
    this.channel = new Channel(this.socket, {
      onFrame: ({ type }, body) => {
        this.received.push(`${type}:${body.toString()}`)
        onFrame(this.channel)
      },
      onEnd: (end) => {
        this.ends.push(end)
        this.wasOpenAtEnd = !this.socket.destroyed
      },
    })
  }

  receive(...frames: readonly Buffer[]): void {
    this.socket.emit('data', Buffer.concat(frames))
  }

  #write(bytes: Buffer, done: () => void): void {
    this.writes.push(bytes)
    this.#read(bytes)
    done()
  }
}

function errorOf(code: string): Error {
  return Object.assign(new Error('of the socket'), { code })
}

const recall = { type: 'recall' } as const
const cancel = { type: 'cancel', id: 'a', reason: 'deadline' } as const
const loaded = frameOf({ type: 'loaded' })
const recalled = frameOf({ type: 'recalled' }, Buffer.from('body'))
const broken = frameOf({ type: 'unknown' })
const long = 'x'.repeat(longestCopied)

describe('a channel', () => {
  it.each<[string, Buffer | string | undefined, Buffer | undefined, string]>([
    ['no body', undefined, undefined, ''],
    ['bytes', Buffer.from('é'), undefined, 'é'],
    ['a string', 'é', undefined, 'é'],
    ['a body and a text', 'é', Buffer.from('text'), 'étext'],
    ['a long body', `${long}1`, undefined, `${long}1`],
    [
      'a long body of two-byte characters',
      'é'.repeat(longestCopied - 1),
      Buffer.alloc(0),
      'é'.repeat(longestCopied - 1),
    ],
    ['a long text', '', Buffer.from(`${long}2`), `${long}2`],
    ['a body and a text that are long together', Buffer.from('body'), Buffer.from(long), `body${long}`],
  ])('sends a frame with %s in one system call', (_, body, text, whole) => {
    const { channel, writes, sent } = new Opened()
    expect(channel.send(recall, body, text)).toBe(true)
    expect([writes.length, sent, channel.lastSent]).toEqual([1, [`recall:${whole}`], recall])
  })

  it('copies a body up to the limit, and writes a longer one as it is', () => {
    const { channel, socket } = new Opened()
    const written: unknown[] = []
    socket.write = (bytes: unknown) => written.push(bytes) > 0
    const [most, more] = [Buffer.alloc(longestCopied), Buffer.alloc(longestCopied + 1)]
    channel.send(recall, most)
    channel.send(recall, more)
    expect(written).toHaveLength(3)
    expect(written[2]).toBe(more)
  })

  it('sends what belongs together in one system call, also from within another such action', () => {
    const { channel, writes, sent } = new Opened()
    channel.together(() => {
      channel.send(recall, '1')
      channel.together(() => channel.send(cancel, '2'))
      channel.send(recall, '3')
    })
    channel.together(() => {})
    expect([writes.length, sent]).toEqual([1, ['recall:1', 'cancel:2', 'recall:3']])
    channel.send(recall)
    channel.together(() => channel.send(cancel))
    expect(writes).toHaveLength(3)
  })

  it('keeps the order around a long body', () => {
    const { channel, sent } = new Opened()
    channel.together(() => {
      channel.send(recall, '1')
      channel.send(cancel, `${long}2`)
      channel.send(recall, '3')
    })
    expect(sent).toEqual(['recall:1', `cancel:${long}2`, 'recall:3'])
  })

  it('sends what was collected when the action throws', () => {
    const { channel, sent } = new Opened()
    const act = (): void => {
      channel.send(recall)
      throw new Error('no')
    }
    expect(() => channel.together(act)).toThrow('no')
    expect(sent).toEqual(['recall:'])
    channel.send(cancel)
    expect(sent).toEqual(['recall:', 'cancel:'])
  })

  it('refuses a frame that is too long, which then was not sent', () => {
    const { channel, writes } = new Opened()
    channel.send(recall)
    expect(() => channel.send(cancel, Buffer.alloc(maxFrameLength))).toThrow(RangeError)
    expect([writes.length, channel.lastSent]).toEqual([1, recall])
  })

  it('hands over frames, and sends the answers to those that came together in one system call', () => {
    const opened = new Opened((channel) => channel.send(recall))
    opened.receive(loaded, recalled)
    opened.receive(recalled.subarray(0, 3))
    opened.receive(recalled.subarray(3))
    expect(opened.received).toEqual(['loaded:', 'recalled:body', 'recalled:body'])
    expect([opened.writes.length, opened.sent.length]).toEqual([2, 3])
  })
})

describe('the end of a channel', () => {
  it.each<[string, (socket: Duplex) => unknown, ChannelEnd['type']]>([
    ['is closed', (socket) => socket.destroy(), 'closed'],
    ['ends', (socket) => socket.push(null), 'closed'],
    ['fails with ECONNRESET', (socket) => socket.destroy(errorOf('ECONNRESET')), 'unread'],
    ['fails with EPIPE', (socket) => socket.destroy(errorOf('EPIPE')), 'unread'],
    ['fails in another way', (socket) => socket.destroy(errorOf('ENOMEM')), 'closed'],
    ['only emits "close"', (socket) => socket.emit('close'), 'closed'],
    ['only emits "end"', (socket) => socket.emit('end'), 'closed'],
  ])('is told once when the socket %s', async (_, act, type) => {
    const { channel, socket, ends, sent } = new Opened()
    channel.send(recall)
    expect(channel.ended).toBe(false)
    act(socket)
    await new Promise((settle) => setImmediate(settle))
    expect([ends, channel.ended, socket.destroyed]).toEqual([[{ type }], true, true])
    expect([channel.send(cancel), channel.lastSent, sent.length]).toEqual([false, recall, 1])
  })

  it('comes with the first frame that breaks the protocol; those behind it are not read', () => {
    const opened = new Opened((channel) => channel.send(recall))
    opened.receive(loaded, broken, loaded)
    opened.receive(loaded)
    expect(opened.received).toEqual(['loaded:'])
    expect(opened.ends).toEqual([{ type: 'broken', reason: expect.any(ProtocolError) as unknown }])
    expect([opened.socket.destroyed, opened.sent]).toEqual([true, []])
  })

  it('comes with an error of the listener, which is told before the socket is closed', () => {
    const reason = new ProtocolError('of the listener')
    const opened = new Opened(() => {
      throw reason
    })
    opened.receive(loaded)
    expect(opened.ends).toEqual([{ type: 'broken', reason }])
    expect(opened.wasOpenAtEnd).toBe(true)
  })

  it('is not told to the side that closes: it hears and sends nothing more', async () => {
    const opened = new Opened((channel) => {
      channel.send(recall)
      channel.close()
      channel.close()
    })
    opened.receive(loaded, loaded)
    opened.receive(loaded, broken)
    await new Promise((settle) => opened.socket.once('close', settle))
    expect([opened.received, opened.sent, opened.ends]).toEqual([['loaded:'], [], []])
    expect(opened.channel.ended).toBe(true)
  })
})
